/** Variants with a part added, replaced or removed at a path. */
import { VariantBuilder } from "../columnar/variant-builder.ts";
import { type Variant, variantField, variantNode } from "../columnar/variant-reader.ts";
import { MillraceError } from "../errors/index.ts";
import type { VariantStep } from "./variant-casts.ts";

/** What happens at the end of the path. `insert` and `set` make what is missing on the way. */
export type VariantEdit =
  | { readonly op: "insert" | "set"; readonly value: Variant; readonly create: boolean }
  | { readonly op: "append"; readonly value: Variant }
  | { readonly op: "delete" };

interface Editing {
  readonly builder: VariantBuilder;
  readonly variant: Variant;
  readonly steps: readonly VariantStep[];
  readonly edit: VariantEdit;
  readonly path: string;
  readonly functionName: string;
}

/**
 * @throws VARIANT_PATH_TYPE_MISMATCH where the path goes through a value of another kind, VARIANT_DUPLICATE_KEY
 */
export function editVariant(
  variant: Variant,
  path: string,
  steps: readonly VariantStep[],
  edit: VariantEdit,
  functionName: string,
): Variant {
  const builder = new VariantBuilder();
  write({ builder, variant, steps, edit, path, functionName }, 0, 0);
  return builder.finish();
}

function mismatch({ steps, path, functionName }: Editing, depth: number): MillraceError {
  const at = steps.slice(0, depth).map((step) => ("key" in step ? `.${step.key}` : `[${step.index}]`));
  return new MillraceError("VARIANT_PATH_TYPE_MISMATCH", {
    path: `'${path}'`,
    location: `'$${at.join("")}'`,
    functionName: `\`${functionName}\``,
  });
}

/** What the value and the missing rest of the path are made of. */
function create(editing: Editing, depth: number): void {
  const { builder, steps, edit } = editing;
  const step = steps[depth];
  const start = builder.position;
  if (step === undefined) {
    if ("value" in edit) builder.append(edit.value);
  } else if ("key" in step) {
    const field = { key: step.key, id: builder.key(step.key), offset: 0 };
    create(editing, depth + 1);
    builder.finishObject(start, [field]);
  } else {
    const offsets: number[] = [];
    for (let i = 0; i <= step.index; i++) {
      offsets.push(builder.position - start);
      if (i < step.index) builder.null();
      else create(editing, depth + 1);
    }
    builder.finishArray(start, offsets);
  }
}

/** Writes the node at a position, with the edit below it. */
function write(editing: Editing, position: number, depth: number): void {
  const { builder, variant, steps, edit } = editing;
  const node = variantNode(variant, position);
  const step = steps[depth];
  const start = builder.position;
  const last = depth === steps.length - 1;
  const makes = (edit.op === "insert" || edit.op === "set") && edit.create;
  if (step === undefined) {
    if (node.kind !== "array") throw mismatch(editing, depth);
    const offsets: number[] = [];
    for (let i = 0; i < node.size; i++) {
      offsets.push(builder.position - start);
      builder.append(variant, node.at(i));
    }
    offsets.push(builder.position - start);
    create(editing, depth);
    return builder.finishArray(start, offsets);
  }
  if ("key" in step) {
    if (node.kind !== "object") {
      if (edit.op === "delete") return builder.append(variant, position);
      throw mismatch(editing, depth);
    }
    const there = variantField(node, step.key) !== undefined;
    if (there && last && edit.op === "insert") throw new MillraceError("VARIANT_DUPLICATE_KEY", { key: step.key });
    const fields: { readonly key: string; readonly id: number; readonly offset: number }[] = [];
    const add = (key: string, put: () => void): void => {
      fields.push({ key, id: builder.key(key), offset: builder.position - start });
      put();
    };
    for (let i = 0; i < node.size; i++) {
      const key = node.key(i);
      const child = node.at(i);
      if (key !== step.key) add(key, () => builder.append(variant, child));
      else if (!last || edit.op === "append") add(key, () => write(editing, child, depth + 1));
      else if (edit.op === "set") add(key, () => create(editing, depth + 1));
    }
    if (!there && makes) add(step.key, () => create(editing, depth + 1));
    return builder.finishObject(start, fields);
  }
  if (node.kind !== "array") {
    if (edit.op === "delete") return builder.append(variant, position);
    throw mismatch(editing, depth);
  }
  const offsets: number[] = [];
  const add = (put: () => void): void => {
    offsets.push(builder.position - start);
    put();
  };
  for (let i = 0; i < node.size; i++) {
    const child = node.at(i);
    if (i !== step.index) add(() => builder.append(variant, child));
    else if (!last || edit.op === "append") add(() => write(editing, child, depth + 1));
    else if (edit.op === "set") add(() => create(editing, depth + 1));
    else if (edit.op === "insert") {
      add(() => create(editing, depth + 1));
      add(() => builder.append(variant, child));
    }
  }
  if (step.index >= node.size && makes) {
    for (let i = node.size; i < step.index; i++) add(() => builder.null());
    add(() => create(editing, depth + 1));
  }
  builder.finishArray(start, offsets);
}

/** The variant without the fields, and unless told not to the elements, that are null. A null itself stays. */
export function stripNulls(variant: Variant, arrays: boolean): Variant {
  const builder = new VariantBuilder();
  const put = (position: number): void => {
    const node = variantNode(variant, position);
    const start = builder.position;
    const isNull = (child: number): boolean => variantNode(variant, child).kind === "null";
    if (node.kind === "object") {
      const fields: { readonly key: string; readonly id: number; readonly offset: number }[] = [];
      for (let i = 0; i < node.size; i++) {
        const child = node.at(i);
        if (isNull(child)) continue;
        const key = node.key(i);
        fields.push({ key, id: builder.key(key), offset: builder.position - start });
        put(child);
      }
      builder.finishObject(start, fields);
    } else if (node.kind === "array") {
      const offsets: number[] = [];
      for (let i = 0; i < node.size; i++) {
        const child = node.at(i);
        if (arrays && isNull(child)) continue;
        offsets.push(builder.position - start);
        put(child);
      }
      builder.finishArray(start, offsets);
    } else builder.append(variant, position);
  };
  put(0);
  return builder.finish();
}

/** Whether the bytes are a variant through and through. */
export function isValidVariant(variant: Variant): boolean {
  try {
    const visit = (position: number): void => {
      const node = variantNode(variant, position);
      if (node.kind === "object")
        for (let i = 0; i < node.size; i++) {
          node.key(i);
          visit(node.at(i));
        }
      else if (node.kind === "array") for (let i = 0; i < node.size; i++) visit(node.at(i));
    };
    visit(0);
    return true;
  } catch (error) {
    if (error instanceof MillraceError) return false;
    throw error;
  }
}
