/** Servers that are Java programs, taken from the Maven registry into `.cache/`. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface MavenDependency {
  /** `group:artifact:version` */
  readonly coordinates: string;
  /** `group:artifact` of what it names and does not need. */
  readonly without?: readonly string[];
}

const cache = join(import.meta.dirname, "..", "..", "..", ".cache");

/**
 * The class path with the jars of the dependencies, which are downloaded the first time.
 * @param name of the folder in `.cache/`, with the version
 */
export function mavenClassPath(name: string, dependencies: readonly MavenDependency[]): string {
  const folder = join(cache, name);
  if (!existsSync(folder)) {
    const staged = `${folder}.${process.pid}`;
    mkdirSync(staged, { recursive: true });
    const pom = join(staged, "pom.xml");
    writeFileSync(pom, pomOf(dependencies));
    const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${staged}`];
    const { status, stdout, error } = spawnSync("mvn", ["-q", "-B", "-f", pom, ...goal], { encoding: "utf8" });
    if (status !== 0) {
      rmSync(staged, { recursive: true });
      throw new Error(`Maven (mvn, with Java 17) cannot fetch ${name}: ${error?.message ?? stdout}`);
    }
    renameSync(staged, folder);
  }
  return join(folder, "*");
}

function pomOf(dependencies: readonly MavenDependency[]): string {
  const tag = (name: string, text: string): string => `<${name}>${text}</${name}>`;
  const artifact = (coordinates: string): string => {
    const [groupId, artifactId, version] = coordinates.split(":");
    return (
      tag("groupId", groupId!) + tag("artifactId", artifactId!) + (version === undefined ? "" : tag("version", version))
    );
  };
  const all = dependencies.map(({ coordinates, without = [] }) => {
    const exclusions = without.map((each) => tag("exclusion", artifact(each))).join("");
    return tag("dependency", artifact(coordinates) + tag("exclusions", exclusions));
  });
  const project = tag("modelVersion", "4.0.0") + artifact("millrace.tests:servers:1");
  return tag("project", project + tag("dependencies", all.join("")));
}
