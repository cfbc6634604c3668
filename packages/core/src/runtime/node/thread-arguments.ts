/** Options of this process that say how modules are found and loaded; each has a value. */
const kept: readonly string[] = [
  "--conditions",
  "-C",
  "--import",
  "--require",
  "-r",
  "--loader",
  "--experimental-loader",
];
const ofTextPrograms: readonly string[] = ["--input-type", "--eval", "-e", "--print", "-p", "-pe"];

/**
 * The options of Node for a thread; undefined to take those of the process. A program that is given as text
 * (`node --input-type=module --eval …`) has options that make no sense to a thread, which runs a file.
 */
export function threadArguments(ofProcess: readonly string[]): string[] | undefined {
  const nameOf = (option: string): string => option.split("=")[0]!;
  if (!ofProcess.some((option) => ofTextPrograms.includes(nameOf(option)))) return undefined;
  return ofProcess.flatMap((option, i) => {
    if (!kept.includes(nameOf(option))) return [];
    return option.includes("=") ? [option] : ofProcess.slice(i, i + 2);
  });
}
