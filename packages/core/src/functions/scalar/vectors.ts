/** Functions of vectors: arrays of FLOAT, as models make embeddings. A NULL element gives NULL. */
import { MillraceError } from "../../errors/index.ts";
import { arrayType, type DataType, floatType, type SqlValue } from "../../types/data-type.ts";
import type { ScalarFunction } from "../function.ts";
import { type Resolve, unexpectedInput } from "../resolution.ts";
import { example, stringFunction } from "./string-function.ts";

const vectorType = arrayType(floatType);
const group = "Vector";

function vectors(count: number, returns: DataType): Resolve {
  return (args, call) => {
    args.forEach((arg, i) => {
      const { type } = arg;
      const fits = i < count ? type.kind === "array" && type.element.kind === "float" : type.kind === "float";
      if (!fits) throw unexpectedInput(arg, i < count ? "ARRAY<FLOAT>" : "FLOAT", i, call);
    });
    return { args: args.map((_, i) => (i < count ? vectorType : floatType)), returns };
  };
}

/** A sum over pairs of elements, of two vectors of the same size; undefined when one is NULL. */
function pairwise(name: string, left: SqlValue, right: SqlValue, add: (a: number, b: number) => void): boolean {
  const [a, b] = [left as readonly (number | null)[], right as readonly (number | null)[]];
  if (a.length !== b.length)
    throw new MillraceError("VECTOR_DIMENSION_MISMATCH", {
      functionName: `\`${name}\``,
      leftDim: String(a.length),
      rightDim: String(b.length),
    });
  if (a.includes(null) || b.includes(null)) return false;
  for (let i = 0; i < a.length; i++) add(a[i]!, b[i]!);
  return true;
}

function ofTwo(
  name: string,
  summary: string,
  sql: string,
  result: string,
  form: (left: SqlValue, right: SqlValue) => number | null,
): ScalarFunction {
  return stringFunction({
    group,
    name,
    arity: [2, 2],
    resolve: vectors(2, floatType),
    canReturnNull: true,
    bind: () => (left, right) => form(left!, right!),
    usage: `${name}(vector1, vector2)`,
    summary,
    examples: example(sql, result),
  });
}

/** The norm of a vector; undefined when an element is NULL. */
function normOf(name: string, vector: readonly (number | null)[], degree: number): number | undefined {
  if (degree !== 1 && degree !== 2 && degree !== Infinity)
    throw new MillraceError("INVALID_VECTOR_NORM_DEGREE", { functionName: `\`${name}\``, degree: String(degree) });
  if (vector.includes(null)) return undefined;
  let norm = 0;
  for (const x of vector as readonly number[])
    norm = degree === 1 ? norm + Math.abs(x) : degree === 2 ? norm + x * x : Math.max(norm, Math.abs(x));
  return degree === 2 ? Math.sqrt(norm) : norm;
}

export const vectorFunctions: readonly ScalarFunction[] = [
  ofTwo(
    "vector_inner_product",
    "Sum of the products of elements at the same place.",
    "vector_inner_product(array(1.0F, 2.0F, 3.0F), array(4.0F, 5.0F, 6.0F))",
    "32.0",
    (left, right) => {
      let sum = 0;
      return pairwise("vector_inner_product", left, right, (a, b) => (sum += a * b)) ? Math.fround(sum) : null;
    },
  ),
  ofTwo(
    "vector_l2_distance",
    "The Euclidean distance.",
    "vector_l2_distance(array(1.0F, 2.0F, 3.0F), array(4.0F, 5.0F, 6.0F))",
    "5.196152",
    (left, right) => {
      let sum = 0;
      return pairwise("vector_l2_distance", left, right, (a, b) => (sum += (a - b) * (a - b)))
        ? Math.fround(Math.sqrt(sum))
        : null;
    },
  ),
  ofTwo(
    "vector_cosine_similarity",
    "Cosine of the angle between the vectors; NULL when one of them is all zeros or empty.",
    "vector_cosine_similarity(array(1.0F, 2.0F, 3.0F), array(4.0F, 5.0F, 6.0F))",
    "0.97463185",
    (left, right) => {
      let [product, a2, b2] = [0, 0, 0];
      const known = pairwise("vector_cosine_similarity", left, right, (a, b) => {
        product += a * b;
        a2 += a * a;
        b2 += b * b;
      });
      return known && a2 > 0 && b2 > 0 ? Math.fround(product / Math.sqrt(a2 * b2)) : null;
    },
  ),
  stringFunction({
    group,
    name: "vector_norm",
    arity: [1, 2],
    resolve: vectors(1, floatType),
    canReturnNull: true,
    bind:
      () =>
      (vector, degree = 2) => {
        const norm = normOf("vector_norm", vector as readonly (number | null)[], degree as number);
        return norm === undefined ? null : Math.fround(norm);
      },
    usage: "vector_norm(vector[, degree])",
    summary: "The norm of degree 1, 2 (unless given) or infinity.",
    examples: example("vector_norm(array(3.0F, 4.0F), 1.0F)", "7.0"),
  }),
  stringFunction({
    group,
    name: "vector_normalize",
    arity: [1, 2],
    resolve: vectors(1, vectorType),
    canReturnNull: true,
    bind:
      () =>
      (vector, degree = 2) => {
        const values = vector as readonly (number | null)[];
        const norm = normOf("vector_normalize", values, degree as number);
        if (values.length === 0) return values;
        return norm === undefined || norm === 0 ? null : values.map((x) => Math.fround(x! / norm));
      },
    usage: "vector_normalize(vector[, degree])",
    summary: "The vector divided by its norm of degree 1, 2 (unless given) or infinity; NULL for one of zeros.",
    examples: example("vector_normalize(array(3.0F, 4.0F))", "[0.6, 0.8]"),
  }),
];
