import type { CcxtClient } from '../ccxtTypes';

/** What ccxt calls the channels of an account. */
const accountChannel = /^(orders|myTrades)$|:balance$|^balance:|:positions$/;

/**
 * ccxt tells a frame to whoever waits at that moment. Of two frames in one read of the socket, the second finds nobody:
 * an order that is filled at once would show as new until the next event of the account, which may be hours away.
 * Here the last such answer waits for the next who asks.
 */
export function keepUnheardAnswers(client: CcxtClient): void {
  const unheard = new Map<string, unknown>();
  const resolve = client.resolve.bind(client);
  const future = client.future.bind(client);
  client.resolve = (result, messageHash) => {
    if (!(messageHash in client.futures) && accountChannel.test(messageHash)) unheard.set(messageHash, result);
    return resolve(result, messageHash);
  };
  client.future = (messageHash) => {
    const waiting = future(messageHash);
    // ccxt makes futures that nobody may ever wait for (of a login that is under way): where the connection fails, such a one would
    // end the process. Whoever does wait is told all the same.
    waiting.catch(() => undefined);
    if (unheard.has(messageHash)) {
      const result = unheard.get(messageHash);
      unheard.delete(messageHash);
      resolve(result, messageHash);
    }
    return waiting;
  };
}
