/** How the columns of a query are put together from the columns of a file: matched by name, checked by type. */
import { MillraceError } from "../errors/index.ts";
import { binaryType, type DataType, type Field, type StructType } from "../types/data-type.ts";
import { sqlName } from "../types/type-names.ts";
import { conversionOf, type LeafConversion } from "./leaf-conversion.ts";
import { repetition } from "./metadata.ts";
import { describeNode, listElement, mapEntries, type ParquetNode } from "./schema-tree.ts";

export interface LeafPlan {
  readonly kind: "leaf";
  readonly type: DataType;
  readonly node: ParquetNode;
  readonly conversion: LeafConversion;
  /** Position among the leaves of the plan. */
  readonly leaf: number;
  /** Definition level from which on an entry is a slot of the column (below it, a list around it is empty or null). */
  readonly slotDefinition: number;
}
export interface GroupPlan {
  readonly kind: "struct" | "list" | "map";
  readonly type: DataType;
  /** Levels at which the group itself is there, and the context that it stands in. */
  readonly definition: number;
  readonly contextDefinition: number;
  readonly contextRepetition: number;
  readonly optional: boolean;
  /** Of the repeated node of a list or map. */
  readonly itemDefinition: number;
  readonly itemRepetition: number;
  /** Fields of a struct, the element of a list, key and value of a map. */
  readonly children: readonly ReadPlan[];
  /** A leaf below, whose levels tell about this group. */
  readonly leaf: number;
}
/** The file does not have the column: all null. */
export interface MissingPlan {
  readonly kind: "missing";
  readonly type: DataType;
}
export type ReadPlan = LeafPlan | GroupPlan | MissingPlan;

export interface FileReadPlan {
  /** One per field of the request. */
  readonly columns: readonly ReadPlan[];
  readonly leaves: readonly LeafPlan[];
}

const variantFields: readonly Field[] = [
  { name: "value", type: binaryType, nullable: false },
  { name: "metadata", type: binaryType, nullable: false },
];

export class ReadPlanner {
  readonly #path: string;
  readonly #caseSensitive: boolean;
  readonly #leaves: LeafPlan[] = [];

  constructor(path: string, caseSensitive: boolean) {
    this.#path = path;
    this.#caseSensitive = caseSensitive;
  }

  /**
   * @throws MillraceError FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH, _LEGACY_ERROR_TEMP_2093 (ambiguous names)
   */
  plan(root: ParquetNode, request: StructType): FileReadPlan {
    const columns = request.fields.map((field): ReadPlan => {
      const node = this.#child(root, field.name);
      return node === undefined ? { kind: "missing", type: field.type } : this.#field(node, field.type, 0, 0);
    });
    return { columns, leaves: this.#leaves };
  }

  #child(group: ParquetNode, name: string): ParquetNode | undefined {
    const children = group.children!;
    if (this.#caseSensitive) return children.find((child) => child.name === name);
    const lower = name.toLowerCase();
    const found = children.filter((child) => child.name.toLowerCase() === lower);
    if (found.length > 1) {
      throw new MillraceError("_LEGACY_ERROR_TEMP_2093", {
        requiredFieldName: name,
        matchedOrcFields: `[${found.map((child) => child.name).join(", ")}]`,
        path: this.#path,
      });
    }
    return found[0];
  }

  #mismatch(node: ParquetNode, type: DataType): MillraceError {
    return new MillraceError("FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH", {
      path: this.#path,
      column: `[${node.path.join(", ")}]`,
      expectedType: sqlName(type).toLowerCase(),
      actualType: describeNode(node),
    });
  }

  /** A field of a struct (or of the file). */
  #field(node: ParquetNode, type: DataType, contextDefinition: number, contextRepetition: number): ReadPlan {
    if (node.repetition !== repetition.repeated) return this.#value(node, type, contextDefinition, contextRepetition);
    if (type.kind !== "array") throw this.#mismatch(node, type);
    return this.#group("list", type, node.definition - 1, false, contextDefinition, contextRepetition, node, () => [
      this.#value(node, type.element, node.definition, node.repetitionLevel),
    ]);
  }

  #value(node: ParquetNode, type: DataType, contextDefinition: number, contextRepetition: number): ReadPlan {
    if (node.children === null) {
      const conversion = conversionOf(node, type);
      if (conversion === undefined) throw this.#mismatch(node, type);
      const leaf: LeafPlan = {
        kind: "leaf",
        type,
        node,
        conversion,
        leaf: this.#leaves.length,
        slotDefinition: contextDefinition,
      };
      this.#leaves.push(leaf);
      return leaf;
    }
    const optional = node.repetition === repetition.optional;
    const group = (
      kind: GroupPlan["kind"],
      repeated: ParquetNode | null,
      children: () => readonly ReadPlan[],
    ): GroupPlan =>
      this.#group(kind, type, node.definition, optional, contextDefinition, contextRepetition, repeated, children);
    if (type.kind === "struct" || type.kind === "variant") {
      const fields = type.kind === "struct" ? type.fields : variantFields;
      return group("struct", null, () => {
        const before = this.#leaves.length;
        const children = fields.map((field): ReadPlan => {
          const child = this.#child(node, field.name);
          if (child === undefined) return { kind: "missing", type: field.type };
          return this.#field(child, field.type, contextDefinition, contextRepetition);
        });
        // None of the fields is in the file: some column of the group tells where the group is null.
        if (this.#leaves.length === before) this.#levelsOf(node, contextDefinition);
        return children;
      });
    }
    if (type.kind === "array") {
      const list = listElement(node);
      if (list === undefined) throw this.#mismatch(node, type);
      const { repeated, element } = list;
      return group("list", repeated, () => [
        this.#value(element, type.element, repeated.definition, repeated.repetitionLevel),
      ]);
    }
    if (type.kind === "map") {
      const map = mapEntries(node);
      if (map === undefined) throw this.#mismatch(node, type);
      const { repeated, key, value } = map;
      return group("map", repeated, () => [
        this.#field(key, type.key, repeated.definition, repeated.repetitionLevel),
        this.#field(value, type.value, repeated.definition, repeated.repetitionLevel),
      ]);
    }
    throw this.#mismatch(node, type);
  }

  #group(
    kind: GroupPlan["kind"],
    type: DataType,
    definition: number,
    optional: boolean,
    contextDefinition: number,
    contextRepetition: number,
    repeated: ParquetNode | null,
    makeChildren: () => readonly ReadPlan[],
  ): GroupPlan {
    const leaf = this.#leaves.length;
    const children = makeChildren();
    return {
      kind,
      type,
      definition,
      contextDefinition,
      contextRepetition,
      optional,
      itemDefinition: repeated?.definition ?? 0,
      itemRepetition: repeated?.repetitionLevel ?? 0,
      children,
      leaf,
    };
  }

  /** Adds the first column below a group for its levels; its values are read as they are and not used. */
  #levelsOf(group: ParquetNode, slotDefinition: number): void {
    let node = group;
    let context = slotDefinition;
    while (node.children !== null) {
      const child = node.children[0];
      if (child === undefined) throw this.#mismatch(group, binaryType);
      node = child;
      if (node.repetition === repetition.repeated) context = node.definition;
    }
    this.#leaves.push({
      kind: "leaf",
      type: binaryType,
      node,
      conversion: { kind: "null", convert: null },
      leaf: this.#leaves.length,
      slotDefinition: context,
    });
  }
}
