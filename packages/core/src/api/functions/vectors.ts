/** Vectors: arrays of FLOAT, as models make embeddings. */
import type { ColumnArgument } from "../column-types.ts";
import type { Column } from "../column.ts";
import { functionColumn } from "./function-column.ts";

/** Cosine of the angle between two vectors; NULL when one is all zeros. `vectorCosineSimilarity(c.embedding, c.query)` */
export function vectorCosineSimilarity(left: ColumnArgument, right: ColumnArgument): Column<"float"> {
  return functionColumn(vectorCosineSimilarity, "vector_cosine_similarity", [left, right]);
}
/** Sum of the products of elements at the same place. */
export function vectorInnerProduct(left: ColumnArgument, right: ColumnArgument): Column<"float"> {
  return functionColumn(vectorInnerProduct, "vector_inner_product", [left, right]);
}
/** The Euclidean distance. */
export function vectorL2Distance(left: ColumnArgument, right: ColumnArgument): Column<"float"> {
  return functionColumn(vectorL2Distance, "vector_l2_distance", [left, right]);
}
/** The Euclidean norm. */
export function vectorNorm(vector: ColumnArgument): Column<"float"> {
  return functionColumn(vectorNorm, "vector_norm", [vector]);
}
