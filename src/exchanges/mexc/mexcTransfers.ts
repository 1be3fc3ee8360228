import { readList, readRecord } from '../readNumbers';
import type { ExchangeTransfer } from '../tradingPort';
import type { CallTrace } from '../trading/callTrace';
import { readHistory } from '../trading/history';
import { readTransfer } from '../trading/readTransfers';
import type { TransferQuestion } from '../trading/tradingDifferences';

const dayMs = 86_400_000;

/** Source: MEXC spot v3, deposit history and withdraw history. */
const limits = { windowMs: 7 * dayMs, reachMs: 90 * dayMs, rows: 1_000 };

/** A key that may not look at deposits and withdrawals: what they moved shows as a difference of the balances. */
const notPermitted = '700007';

/** Deposits and withdrawals. Moves between the spot wallet and that of the swaps are not asked for. */
export async function mexcTransfers(question: TransferQuestion): Promise<readonly ExchangeTransfer[]> {
  const lists = await Promise.all([movements(question, 'fetchDeposits'), movements(question, 'fetchWithdrawals')]);
  return lists.flat().toSorted((a, b) => a.exchangeTime - b.exchangeTime);
}

function movements(
  { questions, since, now }: TransferQuestion,
  method: 'fetchDeposits' | 'fetchWithdrawals',
): Promise<readonly ExchangeTransfer[]> {
  const isAbsent = ({ answer }: CallTrace): boolean => answer?.code === notPermitted;
  return readHistory({ since, now, limits }, async (from, endTime) => {
    const asked = questions.ask(
      async (exchange) => {
        const rows = readList(await exchange[method](undefined, from, limits.rows, { endTime }), 'transfers');
        return rows.flatMap((row) => readTransfer(withStatus(row)) ?? []);
      },
      { isAbsent },
    );
    return (await asked) ?? [];
  });
}

/** ccxt does not know the deposit that is completed, behind one that succeeded. */
function withStatus(value: unknown): unknown {
  const raw = readRecord(value, 'transfer');
  return raw.type === 'deposit' && raw.status === '12' ? { ...raw, status: 'ok' } : raw;
}
