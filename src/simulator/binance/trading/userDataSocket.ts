import type { Account, AccountEvent } from '../../engine/accounts/account';
import type { Connection } from '../../server/connection';
import { BinanceError } from '../binanceError';
import { weightLimitPerMinute } from '../exchangeInfo';
import type { Authenticator } from './authentication';
import { money, toExecutionReport } from './orderFormat';

/** Under this name faults and the control endpoint know the events of accounts. */
export const userDataStream = 'userData';

interface Message {
  readonly id: unknown;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * The WebSocket API at /ws-api/v3, as far as a client needs it to hear of its own orders: `userDataStream.subscribe.signature`
 * and `userDataStream.unsubscribe`, `ping` and `time`. Events come as `{"subscriptionId":…,"event":{…}}`.
 * Source: Binance spot API, WebSocket API, user data stream requests.
 */
export class UserDataSocket {
  private readonly subscriptions = new Map<number, () => void>();
  private nextSubscriptionId = 0;

  constructor(
    private readonly connection: Connection,
    private readonly options: { readonly authenticator: Authenticator; readonly now: () => number },
  ) {
    connection.on('text', (text) => {
      this.receive(text);
    });
    connection.on('close', () => {
      this.endAll();
    });
  }

  private receive(text: string): void {
    let id: unknown = null;
    try {
      const message = parseMessage(text);
      id = message.id;
      this.reply({ id, status: 200, result: this.execute(message) });
    } catch (error) {
      if (!(error instanceof BinanceError)) throw error;
      this.reply({ id, status: error.status, error: { code: error.code, msg: error.message } });
    }
  }

  private execute(message: Message): object {
    switch (message.method) {
      case 'ping':
        return {};
      case 'time':
        return { serverTime: this.options.now() };
      case 'userDataStream.subscribe.signature':
        return { subscriptionId: this.subscribe(this.options.authenticator.authenticateMessage(message.params)) };
      case 'userDataStream.unsubscribe':
        this.endAll();
        return {};
      default:
        throw new BinanceError(-1100, `Unknown method '${message.method}'.`);
    }
  }

  private subscribe(account: Account): number {
    const subscriptionId = this.nextSubscriptionId;
    this.nextSubscriptionId += 1;
    this.connection.streams.add(userDataStream);
    const end = account.events.listen((event) => {
      const frame = { subscriptionId, event: toEvent(account, event) };
      this.connection.sendFrame(userDataStream, JSON.stringify(frame));
    });
    this.subscriptions.set(subscriptionId, end);
    return subscriptionId;
  }

  private endAll(): void {
    for (const end of this.subscriptions.values()) end();
    this.subscriptions.clear();
    this.connection.streams.delete(userDataStream);
  }

  private reply(answer: object): void {
    const limit = { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: weightLimitPerMinute };
    this.connection.sendReply(JSON.stringify({ ...answer, rateLimits: [{ ...limit, count: 2 }] }));
  }
}

function toEvent(account: Account, event: AccountEvent): object {
  if (event.kind === 'order') return toExecutionReport(event);
  if (event.kind === 'transfer') {
    const { asset, amount, time } = event.transfer;
    return { e: 'balanceUpdate', E: time, a: asset, d: money(amount), T: time };
  }
  const balances = event.assets.map((asset) => {
    const { free, locked } = account.balance(asset);
    return { a: asset, f: money(free), l: money(locked) };
  });
  return { e: 'outboundAccountPosition', E: event.time, u: event.time, B: balances };
}

function parseMessage(text: string): Message {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new BinanceError(-1135, 'Invalid JSON Request');
  }
  const { id = null, method, params = {} } = { ...(parsed as Partial<Message> | null) };
  if (typeof method !== 'string' || typeof params !== 'object') {
    throw new BinanceError(-1102, "Mandatory parameter 'method' was not sent, was empty/null, or malformed.");
  }
  return { id, method, params };
}
