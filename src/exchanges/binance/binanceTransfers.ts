import type { EpochMs } from '../../domain/marketData';
import type { CcxtAccountExchange } from '../ccxtTypes';
import { readDecimal, readList, readRecord, readText, readTime } from '../readNumbers';
import type { ExchangeTransfer } from '../tradingPort';
import type { AccountQuestions } from '../trading/accountQuestions';
import type { CallTrace } from '../trading/callTrace';
import { readHistory } from '../trading/history';
import { readTransfer } from '../trading/readTransfers';
import type { TransferQuestion } from '../trading/tradingDifferences';

const dayMs = 86_400_000;
const incomeLimits = { windowMs: 7 * dayMs, reachMs: null, rows: 1_000 };
const transferLimits = { windowMs: 89 * dayMs, reachMs: null, rows: 1_000 };

/** Income that the ledger has from elsewhere: of fills, or within the account (between its wallets). */
const knownIncome = ['REALIZED_PNL', 'COMMISSION', 'TRANSFER', 'INTERNAL_TRANSFER'];

/**
 * Deposits and withdrawals, and the income of the swaps that is none of trades: funding, rebates, insurance.
 * Source: Binance GET /sapi/v1/capital/deposit/hisrec, /sapi/v1/capital/withdraw/history, /fapi/v1/income.
 */
export async function binanceTransfers(question: TransferQuestion): Promise<readonly ExchangeTransfer[]> {
  const lists = [movements(question, 'fetchDeposits'), movements(question, 'fetchWithdrawals')];
  if (question.wallets.includes('swap')) lists.push(income(question));
  const transfers = (await Promise.all(lists)).flat();
  return transfers.toSorted((a, b) => a.exchangeTime - b.exchangeTime);
}

function movements(
  { questions, since, now }: TransferQuestion,
  method: 'fetchDeposits' | 'fetchWithdrawals',
): Promise<readonly ExchangeTransfer[]> {
  return readHistory({ since, now, limits: transferLimits }, (from, until) =>
    askWhereThere(questions, async (exchange) => {
      const rows = await exchange[method](undefined, from, transferLimits.rows, { until });
      return readList(rows, 'transfers').flatMap((row) => readTransfer(row) ?? []);
    }),
  );
}

async function income({ questions, since, now, symbolOf }: TransferQuestion): Promise<readonly ExchangeTransfer[]> {
  const rows = await readHistory({ since, now, limits: incomeLimits }, (startTime, endTime) =>
    askWhereThere(questions, async (exchange) =>
      readList(await exchange.fapiPrivateGetIncome({ startTime, endTime, limit: incomeLimits.rows }), 'income').map(
        (row) => readRecord(row, 'income'),
      ),
    ),
  );
  return rows
    .filter(({ incomeType }) => !knownIncome.includes(String(incomeType)))
    .map((row) => readIncome(row, symbolOf));
}

function readIncome(
  row: Readonly<Record<string, unknown>>,
  symbolOf: (exchangeId: string) => string | null,
): ExchangeTransfer {
  const isFunding = row.incomeType === 'FUNDING_FEE';
  const time: EpochMs = readTime(typeof row.time === 'string' ? Number.parseInt(row.time, 10) : row.time);
  return {
    id: `income-${readText(row.incomeType, 'income type')}-${String(row.symbol)}-${readText(row.tranId, 'id of an income')}`,
    kind: isFunding ? 'FUNDING' : 'TRANSFER',
    symbol: isFunding ? symbolOf(readText(row.symbol, 'symbol')) : null,
    currency: readText(row.asset, 'asset'),
    amount: readDecimal(row.income, 'income'),
    exchangeTime: time,
  };
}

/** The testnet has no such addresses, nor has every exchange that speaks Binance's protocol. */
async function askWhereThere<T>(
  questions: AccountQuestions,
  call: (exchange: CcxtAccountExchange) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  return (await questions.ask(call, { isAbsent: ({ answer }: CallTrace) => answer?.status === 404 })) ?? [];
}
