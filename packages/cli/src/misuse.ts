/** Words on the command line that mean nothing; the message says which. */
export class Misuse extends Error {
  override readonly name = "Misuse";
}
