/** Source of identifiers and seeds. Values that a batch's result depends on are never drawn here but from the batch. */
export interface Random {
  /** A version 4 UUID in lower case. */
  uuid(): string;
  /** A 32-bit signed integer. Keys are made of them: those of `runtime/node` nobody can foretell. */
  int32(): number;
}
