/** Text for counting words: lines of ten words out of 20,000, some far more often than others. Deterministic. */
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { cacheDirectory } from "../cache.ts";

export interface Text {
  readonly directory: string;
  readonly words: number;
}

const distinct = 20_000;
const wordsPerLine = 10;
const files = 8;
/** Words that are drawn at random; a common one stands here many times. */
const drawn = 1 << 16;

/** About `bytes` bytes in 8 files, unless they are there. */
export function generateText(bytes: number, log: (line: string) => void): Text {
  const directory = `${cacheDirectory}/text-${bytes}`;
  const vocabulary = drawnWords();
  const averageBytes = vocabulary.reduce((sum, word) => sum + word.length + 1, 0) / drawn;
  const lines = Math.round(bytes / averageBytes / wordsPerLine / files) * files;
  const text: Text = { directory: `${directory}/text`, words: lines * wordsPerLine };
  if (existsSync(`${directory}/complete`)) return text;
  log(`generating ${bytes} bytes of text`);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(text.directory, { recursive: true });
  let state = 54321;
  const next = (): string => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return vocabulary[state >>> 16]!;
  };
  for (let file = 0; file < files; file++) {
    const out = openSync(`${text.directory}/part-${file}.txt`, "w");
    for (let line = 0; line < lines / files;) {
      let chunk = "";
      for (const end = Math.min(line + 10_000, lines / files); line < end; line++) {
        chunk += next();
        for (let word = 1; word < wordsPerLine; word++) chunk += ` ${next()}`;
        chunk += "\n";
      }
      writeSync(out, chunk);
    }
    closeSync(out);
  }
  writeFileSync(`${directory}/complete`, "");
  return text;
}

/** Word r of the vocabulary stands about 1 / r as often as the first, as in a language. */
function drawnWords(): readonly string[] {
  const letters = "etaoinshrdlucmwfgypbvkjxqz";
  const words = Array.from({ length: distinct }, (_, rank) => {
    let text = "";
    for (let left = rank + 1; left > 0; left = Math.floor(left / letters.length))
      text += letters[left % letters.length]!;
    return text + "ing".slice(0, rank % 4);
  });
  const scale = drawn / Math.log(drawn / 4);
  const result: string[] = [];
  for (let rank = 0; result.length < drawn; rank = (rank + 1) % distinct) {
    const times = Math.max(1, Math.round(scale / (rank + 1) / 4));
    for (let i = 0; i < times && result.length < drawn; i++) result.push(words[rank]!);
  }
  return result;
}
