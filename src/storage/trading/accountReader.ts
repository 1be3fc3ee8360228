/** Who reads accounts, and by what right beside owning them. */
export interface AccountReader {
  readonly userId: string;
  /** True of those who may see accounts that were granted to them: analysts. */
  readonly readsGranted: boolean;
  /** True of those who may see every account: analysts, where the deployment says so. */
  readonly readsAll: boolean;
}

/** Who reads what is their own and nothing else. */
export function ownReader(userId: string): AccountReader {
  return { userId, readsGranted: false, readsAll: false };
}

/** An SQL condition on accounts as `alias`: this reader may see it. Its values are those of `readerValues`, from $first on. */
export function mayRead(alias: string, first: number): string {
  const value = (offset: number): string => `$${String(first + offset)}`;
  return `${alias}.removed_at IS NULL AND (${alias}.owner_id = ${value(0)}::uuid OR ${value(2)}::boolean
    OR (${value(1)}::boolean AND EXISTS (
      SELECT FROM account_grants g WHERE g.account_id = ${alias}.id AND g.user_id = ${value(0)}::uuid)))`;
}

export function readerValues({ userId, readsGranted, readsAll }: AccountReader): readonly unknown[] {
  return [userId, readsGranted, readsAll];
}
