/** `npm run pack`: builds the packages and puts their tarballs into .pack/. */
import { join } from "node:path";
import { build, packAll, root } from "./packages/stage.ts";

build();
for (const { tarball, files, bytes } of packAll(join(root, ".pack"))) {
  console.log(`${tarball.slice(root.length + 1)}  ${files.length} files, ${Math.ceil(bytes / 1024)} KiB`);
}
