import type { ExecutionMode } from '../domain/accounts';
import { AppError } from '../errors/appError';
import type { Scope } from '../identity/principal';
import { actingRoles } from '../identity/stepUp';
import type { Asker } from '../trading/orderIntake';
import type { RiskAsker } from '../trading/risk/tradingStates';
import { assertSteppedUp, ownReaderOf, principalOf } from './caller';
import type { GraphqlContext } from './context';

/** What is to be traded, by the id that a field was given. */
export type TradePlace = { readonly account: string } | { readonly order: string } | { readonly position: string };

const scopeOf: Readonly<Record<ExecutionMode, Scope>> = { PAPER: 'TRADE_PAPER', LIVE: 'TRADE_LIVE' };

/**
 * Who asks for a change there, of what is their own. With an API key, one whose scopes name the account's mode: the rule of the field lets
 * either scope in, as it does not know the account. What is not there, or not theirs, is left to whoever looks for it: the answer is theirs.
 */
export async function traderOf(context: GraphqlContext, place: TradePlace): Promise<Asker> {
  const { userId, scopes, credential } = principalOf(context);
  const { ip } = context;
  if (scopes === null) return { userId, actor: userId, ip };
  const mode = await modeAt(context, place);
  if (mode !== null && !scopes.includes(scopeOf[mode])) throw notOn(mode);
  return { userId, actor: credential.id, ip };
}

/**
 * Who makes an account of that mode. A LIVE one asks for a fresh second factor; no API key brings the key of an exchange, so none makes
 * one, whatever its scopes.
 */
export function openerOf(context: GraphqlContext, mode: ExecutionMode): Asker {
  const { userId, scopes, credential } = principalOf(context);
  const { ip } = context;
  if (mode === 'LIVE' && scopes !== null) throw notOn(mode);
  if (mode === 'LIVE') assertSteppedUp(context);
  if (scopes === null) return { userId, actor: userId, ip };
  return { userId, actor: credential.id, ip };
}

function notOn(mode: ExecutionMode): AppError {
  return new AppError('FORBIDDEN', { publicMessage: `Your API key does not allow this on ${mode} accounts.` });
}

/** Who stops trading, or lets it go on: admins on any account (with a second factor, so never by an API key), everybody else on their own. */
export async function stopperOf(context: GraphqlContext, account: string): Promise<RiskAsker> {
  const principal = principalOf(context);
  const { userId } = principal;
  if (actingRoles(principal).includes('ADMIN')) return { ownerId: null, actor: userId, ip: context.ip };
  const { actor, ip = null } = await traderOf(context, { account });
  return { ownerId: userId, actor, ip };
}

async function modeAt(context: GraphqlContext, place: TradePlace): Promise<ExecutionMode | null> {
  const accountId = await accountAt(context, place);
  if (accountId === null) return null;
  const account = await context.services.accountViews.account(ownReaderOf(context), accountId);
  return account?.mode ?? null;
}

async function accountAt(context: GraphqlContext, place: TradePlace): Promise<string | null> {
  const { tradingReader } = context.services;
  if ('account' in place) return place.account;
  const reader = ownReaderOf(context);
  const found =
    'order' in place
      ? await tradingReader.order(reader, place.order)
      : await tradingReader.position(reader, place.position);
  return found?.accountId ?? null;
}
