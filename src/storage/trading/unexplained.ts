/**
 * Lines of the ledger whose money came without an explanation, or got it later: what explains it as a transfer takes it out of here, what
 * explains it as funding does not, since the money was seen before. Their sum says what of `transferred` is no transfer.
 */
export const isUnexplained = `(book = 'UNEXPLAINED' OR (book = 'FUNDING' AND posting LIKE 'explained:%'))`;
