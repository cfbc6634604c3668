/**
 * Circles among files, each once: the strongly connected components of more than one file (Tarjan, "Depth-first search
 * and linear graph algorithms", 1972), written with a stack of its own because import chains get long.
 * @param edges file → files it imports
 * @returns the files of each circle in the order in which they import one another, starting with the first by name
 */
export function importCycles(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const components = stronglyConnected(edges).filter(
    (c) => c.length > 1 || (edges.get(c[0] ?? "") ?? []).includes(c[0] ?? ""),
  );
  return components
    .map((component) => shortestCircle(component, edges))
    .toSorted((a, b) => (a.join() < b.join() ? -1 : 1));
}

function stronglyConnected(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const components: string[][] = [];
  for (const root of edges.keys()) {
    if (index.has(root)) continue;
    const work: { node: string; next: number }[] = [{ node: root, next: 0 }];
    while (work.length > 0) {
      const frame = work.at(-1);
      if (frame === undefined) break;
      const { node } = frame;
      if (frame.next === 0) {
        index.set(node, index.size);
        low.set(node, index.size - 1);
        stack.push(node);
        onStack.add(node);
      }
      const target = (edges.get(node) ?? [])[frame.next++];
      if (target === undefined) {
        work.pop();
        if (low.get(node) === index.get(node)) components.push(popComponent(stack, onStack, node));
        const parent = work.at(-1);
        if (parent !== undefined) lower(low, parent.node, low.get(node) ?? 0);
      } else if (!index.has(target)) {
        if (edges.has(target)) work.push({ node: target, next: 0 });
      } else if (onStack.has(target)) lower(low, node, index.get(target) ?? 0);
    }
  }
  return components;
}

function lower(low: Map<string, number>, node: string, value: number): void {
  low.set(node, Math.min(low.get(node) ?? value, value));
}

function popComponent(stack: string[], onStack: Set<string>, root: string): string[] {
  const component: string[] = [];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    onStack.delete(node);
    component.push(node);
    if (node === root) break;
  }
  return component;
}

/** A component may hold many circles; the shortest through its first file says where to cut. */
function shortestCircle(
  component: readonly string[],
  edges: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const inside = new Set(component);
  const start = component.toSorted()[0] ?? "";
  const paths: string[][] = [[start]];
  const seen = new Set<string>();
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    for (const target of edges.get(path.at(-1) ?? "") ?? []) {
      if (target === start) return path;
      if (!inside.has(target) || seen.has(target)) continue;
      seen.add(target);
      paths.push([...path, target]);
    }
  }
  return component;
}
