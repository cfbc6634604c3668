/** Errors of scalar functions about their arguments: formats, charsets, positions, URLs. */
export const functionErrors = {
  SECOND_FUNCTION_ARGUMENT_NOT_INTEGER: {
    sqlState: "22023",
    message: "The second argument of `<functionName>` must be a whole number.",
  },
  "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING": {
    sqlState: "22006",
    message:
      "Error parsing '<input>' to INTERVAL. Error parsing interval <interval> string: a field is beyond its range.",
  },
  NUMERIC_OUT_OF_SUPPORTED_RANGE: {
    sqlState: "22003",
    message: "The value <value> cannot be interpreted as a numeric since it has more than 38 digits.",
  },
  BINARY_ARITHMETIC_OVERFLOW: {
    sqlState: "22003",
    message: "<value1> <symbol> <value2> caused overflow. Use <alternative> to ignore the overflow and return NULL.",
  },
  "INVALID_PARAMETER_VALUE.AES_KEY_LENGTH": {
    sqlState: "22023",
    message:
      "The value of parameter(s) `key` in `aes_encrypt`/`aes_decrypt` is invalid: expects a binary value with 16, 24 or 32 bytes, but got <actualLength> bytes.",
  },
  "INVALID_PARAMETER_VALUE.AES_IV_LENGTH": {
    sqlState: "22023",
    message:
      "The value of parameter(s) `iv` in `aes_encrypt`/`aes_decrypt` is invalid: supports 16-byte CBC IVs and 12-byte GCM IVs, but got <actualLength> bytes for <mode>.",
  },
  "INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR": {
    sqlState: "22023",
    message:
      "The value of parameter(s) `expr`, `key` in `aes_encrypt`/`aes_decrypt` is invalid: the bytes are not what AES-<mode> gives for this key.",
  },
  "UNSUPPORTED_FEATURE.AES_MODE": {
    sqlState: "0A000",
    message:
      "The feature is not supported: AES-<mode> with the padding <padding> by the `aes_encrypt`/`aes_decrypt` function.",
  },
  "UNSUPPORTED_FEATURE.AES_MODE_IV": {
    sqlState: "0A000",
    message:
      "The feature is not supported: `aes_encrypt` with AES-<mode> does not support initialization vectors (IVs).",
  },
  "UNSUPPORTED_FEATURE.AES_MODE_AAD": {
    sqlState: "0A000",
    message:
      "The feature is not supported: `aes_encrypt` with AES-<mode> does not support additional authenticate data (AAD).",
  },
  "INVALID_PARAMETER_VALUE.HMAC_ALGORITHM": {
    sqlState: "22023",
    message:
      "The value of parameter(s) `algorithm` in `hmac` is invalid: expects one of the algorithms 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512', 'SHA-1' and 'MD5', but got <algorithm>.",
  },
  "INVALID_PARAMETER_VALUE.HMAC_CRYPTO_ERROR": {
    sqlState: "22023",
    message: "The value of parameter(s) `key` in `hmac` is invalid: the key is empty.",
  },
  INVALID_VARIANT_PATH: {
    sqlState: "22023",
    message:
      "The path <path> is not a valid <functionName> target. A valid path should start with `$` and is followed by segments like `[123]`, `.name`, `['name']`, or `[\"name\"]`.",
  },
  VARIANT_PATH_TYPE_MISMATCH: {
    sqlState: "22023",
    message: "The path <path> is incompatible with the variant value at <location> in <functionName>.",
  },
  VECTOR_DIMENSION_MISMATCH: {
    sqlState: "22000",
    message: "Vectors passed to <functionName> must have the same dimension, but got <leftDim> and <rightDim>.",
  },
  INVALID_VECTOR_NORM_DEGREE: {
    sqlState: "22023",
    message: "For the <functionName> function, degree must be 1.0, 2.0, or float('inf'), but got <degree>.",
  },
  "DATATYPE_MISMATCH.INVALID_ARG_VALUE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The <inputName> value must be one of <requireType>, but got <inputValue>.',
  },
  "DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE": {
    sqlState: "42K09",
    message: 'Cannot resolve "<sqlExpr>" due to data type mismatch: Length of <exprName> should be 1.',
  },
  "DATATYPE_MISMATCH.HASH_MAP_TYPE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: Input to <functionName> cannot contain elements of the "MAP" type, because equal maps may list their entries in another order. Hash its sorted keys and values instead.',
  },
  "DATATYPE_MISMATCH.UNEXPECTED_NULL": {
    sqlState: "42K09",
    message: 'Cannot resolve "<sqlExpr>" due to data type mismatch: The <exprName> must not be null.',
  },
  "DATATYPE_MISMATCH.NON_STRING_TYPE": {
    sqlState: "42K09",
    message: 'Cannot resolve "<sqlExpr>" due to data type mismatch: All arguments of <funcName> must be strings.',
  },
  "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE": {
    sqlState: "42K09",
    message:
      'Cannot resolve "<sqlExpr>" due to data type mismatch: The input of <functionName> can\'t be <dataType> type data.',
  },
  "INVALID_SCHEMA.NON_STRING_LITERAL": {
    sqlState: "42K07",
    message: "The input schema <inputSchema> is not a valid schema string: it must be a constant text.",
  },
  "INVALID_SCHEMA.NON_STRUCT_TYPE": {
    sqlState: "42K07",
    message: "The input schema <inputSchema> must be a struct of columns, not <dataType>.",
  },
  "INVALID_OPTIONS.NON_MAP_FUNCTION": {
    sqlState: "42K06",
    message: "Invalid options: must use the `map()` function for options.",
  },
  "INVALID_OPTIONS.NON_STRING_TYPE": {
    sqlState: "42K06",
    message: "Invalid options: a type of keys and values in `map()` must be string, but got <mapType>.",
  },
  PARSE_MODE_UNSUPPORTED: {
    sqlState: "42601",
    message: "The function <funcName> does not support the <mode> mode. Acceptable modes are PERMISSIVE and FAILFAST.",
  },
  CONVERSION_INVALID_INPUT: {
    sqlState: "22018",
    message:
      "The value <str> (<fmt>) cannot be converted to <targetType> because it is malformed. Correct the value, or use <suggestion> to get NULL instead.",
  },
  MALFORMED_CHARACTER_CODING: {
    sqlState: "22000",
    message: "Invalid value found when performing <function> with <charset>: a character does not exist there.",
  },
  INVALID_UTF8_STRING: { sqlState: "22029", message: "Invalid UTF8 byte sequence found in string: <str>." },
  INVALID_URL: {
    sqlState: "22P05",
    message: "The url is invalid: <url>. Use `try_parse_url` to tolerate invalid URL and return NULL instead.",
  },
  CANNOT_DECODE_URL: {
    sqlState: "22546",
    message:
      "The provided URL cannot be decoded: <url>. Please ensure that the URL is properly formatted and try again, or use `try_url_decode` to get NULL instead.",
  },
  INVALID_REGEXP_REPLACE: {
    sqlState: "22023",
    message:
      "Could not perform regexp_replace for source = <source>, pattern = <pattern>, replacement = <replacement> and position = <position>.",
  },
  "INVALID_PARAMETER_VALUE.CHARSET": {
    sqlState: "22023",
    message:
      "The value of parameter(s) `charset` in <functionName> is invalid: expects one of US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE, UTF-16, UTF-32, but got <charset>.",
  },
  "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE": {
    sqlState: "22023",
    message:
      "The value of parameter(s) `pos` in <functionName> is invalid: expects an integer value in [0, <upper>), but got <invalidValue>.",
  },
  "INVALID_PARAMETER_VALUE.ZERO_INDEX": {
    sqlState: "22023",
    message:
      "The value of parameter(s) `strfmt` in <functionName> is invalid: expects %1$, %2$ and so on, but got %0$.",
  },
  "INVALID_PARAMETER_VALUE.FORMAT_ARGUMENT": {
    sqlState: "22023",
    message:
      "The value of parameter(s) `strfmt` in <functionName> is invalid: <format> cannot format its argument: <reason>.",
  },
  "INVALID_FORMAT.EMPTY": {
    sqlState: "42601",
    message: "The format is invalid: <format>. The number format string cannot be empty.",
  },
  "INVALID_FORMAT.WRONG_NUM_DIGIT": {
    sqlState: "42601",
    message: "The format is invalid: <format>. The format string requires at least one number digit.",
  },
  "INVALID_FORMAT.UNEXPECTED_TOKEN": {
    sqlState: "42601",
    message:
      "The format is invalid: <format>. Found the unexpected <token> in the format string; the structure of the format string must match: [MI|S] [$] [0|9|G|,]* [.|D] [0|9]* [$] [PR|MI|S].",
  },
  "INVALID_FORMAT.CONT_THOUSANDS_SEPS": {
    sqlState: "42601",
    message:
      "The format is invalid: <format>. Thousands separators (, or G) must have digits in between them in the number format.",
  },
  "INVALID_FORMAT.THOUSANDS_SEPS_MUST_BEFORE_DEC": {
    sqlState: "42601",
    message:
      "The format is invalid: <format>. Thousands separators (, or G) may not appear after the decimal point in the number format.",
  },
  "INVALID_FORMAT.CUR_MUST_BEFORE_DEC": {
    sqlState: "42601",
    message:
      "The format is invalid: <format>. Currency characters must appear before any decimal point in the number format.",
  },
  "INVALID_FORMAT.CUR_MUST_BEFORE_DIGIT": {
    sqlState: "42601",
    message: "The format is invalid: <format>. Currency characters must appear before digits in the number format.",
  },
  "INVALID_FORMAT.MISMATCH_INPUT": {
    sqlState: "42601",
    message: "The format is invalid: <format>. The input <inputType> <input> does not match the format.",
  },
} as const;
