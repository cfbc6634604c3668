import { MillraceError } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { functionRegistry } from "../functions/registry.ts";
import type { Guarded } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import type { TableInfo } from "../session/engine.ts";
import { parseExpression } from "../sql/index.ts";
import { simpleString } from "../types/type-names.ts";
import { columnOf, columnsOf } from "./columns.ts";
import type { Column } from "./column.ts";
import type { BooleanType, ColumnLike, Untyped, UntypedSchema } from "./column-types.ts";
import type { Columns } from "./selection-types.ts";
import type { SessionContext } from "./session-context.ts";
import { StorageLevel } from "./storage-level.ts";

/** A view or table, as `listTables` tells of it. */
export interface CatalogTable {
  readonly name: string;
  readonly catalog: string | null;
  /** `global_temp` for views of all sessions. */
  readonly namespace: readonly string[] | null;
  readonly description: string | null;
  readonly tableType: "TEMPORARY";
  readonly isTemporary: boolean;
}
/** A column of a view or table. */
export interface CatalogColumn {
  readonly name: string;
  readonly description: string | null;
  /** The type as Spark writes it. */
  readonly dataType: string;
  readonly nullable: boolean;
  readonly isPartition: boolean;
  readonly isBucket: boolean;
}
/** A function that SQL texts know. */
export interface CatalogFunction {
  readonly name: string;
  readonly description: string;
  readonly isTemporary: boolean;
}
/** A database. There is one, `default`, which holds nothing: tables are views. */
export interface CatalogDatabase {
  readonly name: string;
  readonly catalog: string;
  readonly description: string;
}

/** Which rows of a view are seen: SQL text, a column, or a lambda over the columns. */
export type RowCondition =
  | string
  | ColumnLike<BooleanType | Untyped>
  | ((columns: Columns<UntypedSchema>) => ColumnLike<BooleanType | Untyped>);
/** What is seen instead of a column: SQL text, a column, or a lambda over the column that gives one of them. */
export type MaskExpression = string | ColumnLike | ((column: Column<Untyped>) => ColumnLike | string);
/** Whom a row filter or a column mask does not bind. */
export interface PolicyOptions {
  /** Sessions that have one of these roles. Default: it binds all, also the one that sets it. */
  readonly except?: readonly string[];
}

const database: CatalogDatabase = { name: "default", catalog: "spark_catalog", description: "default database" };

/** `spark.catalog`: the session's views and functions, and what is cached. */
export class Catalog {
  readonly #session: SessionContext;

  constructor(session: SessionContext) {
    this.#session = session;
  }

  // ---- databases -------------------------------------------------------------------------------------------------------

  async currentCatalog(): Promise<string> {
    return database.catalog;
  }
  async currentDatabase(): Promise<string> {
    return database.name;
  }
  /** @throws MillraceError SCHEMA_NOT_FOUND for any other than `default` */
  async setCurrentDatabase(name: string): Promise<void> {
    if (!(await this.databaseExists(name))) {
      throw new MillraceError("SCHEMA_NOT_FOUND", { schemaName: `\`${database.catalog}\`.\`${name}\`` });
    }
  }
  async listDatabases(): Promise<CatalogDatabase[]> {
    return [database];
  }
  /** @throws MillraceError SCHEMA_NOT_FOUND for any other than `default` */
  async getDatabase(name: string): Promise<CatalogDatabase> {
    await this.setCurrentDatabase(name);
    return database;
  }
  async databaseExists(name: string): Promise<boolean> {
    return name.toLowerCase() === database.name;
  }

  // ---- tables ----------------------------------------------------------------------------------------------------------

  /** The views, those of all sessions only for the database `global_temp`; with a pattern (`a*|b*`) those that match. */
  async listTables(name?: string, pattern?: string): Promise<CatalogTable[]> {
    const { tables } = this.#session.engine;
    const global = name?.toLowerCase() === "global_temp" ? tables.listGlobal() : [];
    if (name !== undefined && global.length === 0 && name.toLowerCase() !== "global_temp")
      await this.setCurrentDatabase(name);
    return [...global, ...tables.list()].filter((table) => matches(pattern, table.name)).map(described);
  }
  /** @throws MillraceError TABLE_OR_VIEW_NOT_FOUND */
  async getTable(name: string): Promise<CatalogTable> {
    const { tables } = this.#session.engine;
    const wanted = name.toLowerCase();
    const found =
      tables.list().find((table) => table.name.toLowerCase() === wanted) ??
      tables.listGlobal().find((table) => `global_temp.${table.name.toLowerCase()}` === wanted);
    if (found === undefined) throw notFound(name);
    return described(found);
  }
  async tableExists(name: string, databaseName?: string): Promise<boolean> {
    const full = databaseName === undefined || databaseName === database.name ? name : `${databaseName}.${name}`;
    return this.#session.engine.tables.find(full) !== undefined;
  }
  /** @throws MillraceError TABLE_OR_VIEW_NOT_FOUND */
  async listColumns(name: string): Promise<CatalogColumn[]> {
    const { fields } = await this.#session.engine.schema(this.#plan(name));
    return fields.map((field) => ({
      name: field.name,
      description: null,
      dataType: simpleString(field.type),
      nullable: field.nullable,
      isPartition: false,
      isBucket: false,
    }));
  }
  /** Whether there was a view of that name. */
  async dropTempView(name: string): Promise<boolean> {
    await this.#forget(name);
    return this.#session.engine.tables.dropView(name);
  }
  /** Whether there was a view of that name among those of all sessions. */
  async dropGlobalTempView(name: string): Promise<boolean> {
    await this.#forget(`global_temp.${name}`);
    return this.#session.engine.tables.dropGlobalView(name);
  }

  // ---- policies --------------------------------------------------------------------------------------------------------

  /** The roles of this session, which decide what it sees of views with policies. */
  currentRoles(): readonly string[] {
    return [...this.#session.engine.tables.roles];
  }
  /**
   * From now on a view shows only rows for which a condition is true: `setRowFilter("global_temp.orders", (c) => c("region").eq("EU"),
   * { except: ["admin"] })`. The condition sees the view's columns as they are, also masked ones. It is part of whatever reads the view, right
   * above the view's own plan: no condition, function or error of the reader's comes to the other rows. Queries that run go on as they began.
   * @throws MillraceError TABLE_OR_VIEW_NOT_FOUND; INSUFFICIENT_PERMISSIONS when another session made the view; and what
   * analysis finds wrong with the condition
   */
  async setRowFilter(view: string, condition: RowCondition, options: PolicyOptions = {}): Promise<void> {
    const expression = typeof condition === "string" ? this.#parsed(condition) : columnOf(condition);
    await this.#check(view, { kind: "Guarded", view, filter: expression, masks: [] });
    this.#session.engine.tables.setRowFilter(view, { expression, except: options.except ?? [] });
  }
  /** The view shows all rows again. Throws as {@link setRowFilter}. */
  async dropRowFilter(view: string): Promise<void> {
    this.#session.engine.tables.setRowFilter(view, undefined);
  }
  /**
   * From now on a view shows an expression in the place of a column: `setColumnMask("global_temp.orders", "email", (email) => lit("***"),
   * { except: ["support"] })`. The mask sees the view's columns as they are and has the column's type, or one that fits into it; use
   * functions that do not fail (`try_…`), as errors quote values.
   * @throws MillraceError as {@link setRowFilter}; INVALID_COLUMN_MASK, UNRESOLVED_COLUMN_AMONG_FIELD_NAMES
   */
  async setColumnMask(view: string, column: string, mask: MaskExpression, options: PolicyOptions = {}): Promise<void> {
    const given = typeof mask === "function" ? mask(columnsOf<UntypedSchema>()(column)) : mask;
    const expression = typeof given === "string" ? this.#parsed(given) : columnOf(given);
    await this.#check(view, { kind: "Guarded", view, masks: [{ column, mask: expression }] });
    this.#session.engine.tables.setColumnMask(view, column, { expression, except: options.except ?? [] });
  }
  /** The view shows the column again. Throws as {@link setRowFilter}. */
  async dropColumnMask(view: string, column: string): Promise<void> {
    this.#session.engine.tables.setColumnMask(view, column, undefined);
  }

  #parsed(text: string): Expr {
    return parseExpression(text, { timeZone: this.#session.engine.conf.get("spark.sql.session.timeZone") ?? "UTC" });
  }
  async #check(view: string, relation: Guarded): Promise<void> {
    await this.#session.engine.schema({ kind: "Derived", input: this.#plan(view), relation });
  }

  // ---- functions -------------------------------------------------------------------------------------------------------

  /** All functions, or those whose name matches a pattern such as `date*`. */
  async listFunctions(_databaseName?: string, pattern?: string): Promise<CatalogFunction[]> {
    return functionRegistry
      .allFunctions()
      .filter((fn) => fn.doc.group !== "Internal" && matches(pattern, fn.name))
      .map((fn) => ({ name: fn.name, description: fn.doc.summary, isTemporary: true }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
  /** @throws MillraceError UNRESOLVED_ROUTINE */
  async getFunction(name: string): Promise<CatalogFunction> {
    const wanted = name.toLowerCase();
    const found = (await this.listFunctions()).find((fn) => fn.name === wanted);
    if (found !== undefined) return found;
    throw new MillraceError("UNRESOLVED_ROUTINE", { routineName: `\`${name}\`` });
  }
  async functionExists(name: string): Promise<boolean> {
    return (
      functionRegistry.scalar(name) !== undefined ||
      functionRegistry.aggregate(name) !== undefined ||
      functionRegistry.generator(name) !== undefined
    );
  }

  // ---- caches ----------------------------------------------------------------------------------------------------------

  /** Whether a view's rows are kept. @throws MillraceError TABLE_OR_VIEW_NOT_FOUND */
  async isCached(name: string): Promise<boolean> {
    return this.#session.engine.cache.levelOf(this.#plan(name)) !== undefined;
  }
  /** Keeps a view's rows when they are computed for the first time. @throws MillraceError TABLE_OR_VIEW_NOT_FOUND */
  async cacheTable(name: string, level: StorageLevel = StorageLevel.MEMORY_AND_DISK): Promise<void> {
    this.#session.engine.cache.persist(this.#plan(name), level);
  }
  /** Forgets a view's rows. @throws MillraceError TABLE_OR_VIEW_NOT_FOUND */
  async uncacheTable(name: string): Promise<void> {
    await this.#session.engine.cache.unpersist(this.#plan(name));
  }
  /** Forgets all rows that the session keeps. */
  async clearCache(): Promise<void> {
    await this.#session.engine.cache.clear();
  }

  #plan(name: string): LogicalPlan {
    if (this.#session.engine.tables.find(name) === undefined) throw notFound(name);
    return { kind: "NamedTable", name, streaming: false };
  }
  async #forget(name: string): Promise<void> {
    if (this.#session.engine.tables.find(name) !== undefined) {
      await this.#session.engine.cache.unpersist(this.#plan(name));
    }
  }
}

function described({ name, namespace }: TableInfo): CatalogTable {
  return {
    name,
    catalog: null,
    namespace: namespace.length === 0 ? null : namespace,
    description: null,
    tableType: "TEMPORARY",
    isTemporary: true,
  };
}

function notFound(name: string): MillraceError {
  return new MillraceError("TABLE_OR_VIEW_NOT_FOUND", { relationName: `\`${name}\`` });
}

/** Spark's patterns: `*` stands for any text, `|` separates alternatives; upper and lower case are the same. */
function matches(pattern: string | undefined, name: string): boolean {
  if (pattern === undefined) return true;
  return pattern.split("|").some((each) => {
    const source = each
      .trim()
      .split("*")
      .map((part) => part.replaceAll(/[.\\+?^${}()|[\]]/g, "\\$&"))
      .join(".*");
    return new RegExp(`^(?:${source})$`, "i").test(name);
  });
}
