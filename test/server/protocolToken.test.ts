import { randomUUID } from 'node:crypto';
import type { IssuedToken } from '../../src/identity/accessTokens';
import type { Principal } from '../../src/identity/principal';
import { KeyRingError } from '../../src/identity/signing/keyRingError';
import { eventually } from '../kit/eventually';
import { MovableClock } from '../kit/movableClock';
import { executionVariants, priceFrame, pushPrice, tickersDocument, watchPrices } from '../kit/protocol';
import { RawSocket } from '../kit/rawSocket';
import { StandInTokens } from '../kit/standInTokens';
import { TestServer } from '../kit/testServer';

const userId = randomUUID();
const tokenTtlS = 3;

describe.each(executionVariants)('a token that is over, with %s', (_name, options) => {
  it('ends the socket with 4403 at the next stream that is asked for, before the sweep has seen it', async () => {
    const clock = new MovableClock();
    const tokens = new StandInTokens(clock.now);
    const { authorization } = tokens.issue({ lifeMs: 60_000 });
    const server = await TestServer.start({
      ...options,
      verifier: tokens,
      access: { clock: clock.now },
      caps: { sweepIntervalMs: 3_600_000 },
    });
    const socket = await RawSocket.connect(server.wsUrl, authorization);
    clock.advance(60_000);
    socket.subscribe('a', tickersDocument);
    expect((await socket.closed).code).toBe(4403);
    expect(server.market.opened).toEqual([]);
    await server.stop();
  });
});

it('ends the socket with 4500, not with a refusal of the token, where nobody can tell which keys are good', async () => {
  const tokens = new StandInTokens();
  let isKnown = true;
  const verify = (token: string): Principal => {
    if (!isKnown) throw new KeyRingError('not read');
    return tokens.verify(token);
  };
  const server = await TestServer.start({ verifier: { verify } });
  const { authorization } = tokens.issue();
  const socket = await RawSocket.connect(server.wsUrl, authorization);
  isKnown = false;
  socket.send({ type: 'ping', payload: { authorization } });
  expect((await socket.closed).code).toBe(4500);
  await expect(RawSocket.connect(server.wsUrl, authorization)).rejects.toThrow('closed with 4500');
  const { status, codes } = await server.post({ query: '{ serverTime }' }, { authorization });
  expect([status, codes]).toEqual([500, ['INTERNAL_SERVER_ERROR']]);
  await server.stop();
});

// A second `connection_init` ends the socket: a fresh token comes in the payload of a `ping`.
describe.each(executionVariants)('a token in a ping, with %s', (_name, options) => {
  let server: TestServer;

  beforeEach(async () => {
    server = await TestServer.start({ ...options, tokenTtlS });
  });

  afterEach(() => server.stop());

  function issue(user: string = userId): IssuedToken {
    return server.tokens.issue({ userId: user, roles: ['VIEWER'] });
  }

  function ping(socket: RawSocket, authorization: unknown): void {
    socket.send({ type: 'ping', payload: { authorization } });
  }

  it('keeps the streams beyond the end of the token before; the pong says until when the new one is good', async () => {
    const first = issue();
    const socket = await RawSocket.connect(server.wsUrl, `Bearer ${first.accessToken}`);
    await watchPrices(socket, 'a');
    const fresh = await eventually(() => {
      const token = issue();
      return token.expiresAt > first.expiresAt && token;
    });
    ping(socket, `Bearer ${fresh.accessToken}`);
    const expiresAt = new Date(fresh.expiresAt).toISOString();
    expect(await socket.next()).toEqual({ type: 'pong', payload: { expiresAt } });
    await eventually(() => Date.now() > first.expiresAt + 500);
    pushPrice(server, '101');
    expect(await socket.next()).toEqual(priceFrame('a', '101'));
    expect(await socket.closed).toEqual({ code: 4403, reason: 'Token expired' });
    expect(Date.now()).toBeGreaterThanOrEqual(fresh.expiresAt);
  });

  it.each([
    ['one of another user', () => `Bearer ${issue(randomUUID()).accessToken}`],
    ['none', () => 'Bearer nonsense'],
    ['empty', () => ''],
    ['no text', () => 1],
  ])('that is %s ends the socket with 4401, and its streams', async (_kind, authorization) => {
    const socket = await RawSocket.connect(server.wsUrl, `Bearer ${issue().accessToken}`);
    await watchPrices(socket, 'a');
    ping(socket, authorization());
    expect((await socket.closed).code).toBe(4401);
    await eventually(() => server.market.openCount === 0);
  });

  it('on a socket that began without credentials ends it with 4401', async () => {
    const socket = await RawSocket.connect(server.wsUrl);
    ping(socket, `Bearer ${issue().accessToken}`);
    expect((await socket.closed).code).toBe(4401);
  });

  it('before connection_init ends the socket with 4401', async () => {
    const socket = await RawSocket.open(server.wsUrl);
    ping(socket, `Bearer ${issue().accessToken}`);
    expect((await socket.closed).code).toBe(4401);
  });

  it('may be called Authorization, as in a header', async () => {
    const [first, fresh] = [issue(), issue()];
    const socket = await RawSocket.open(server.wsUrl);
    socket.send({ type: 'connection_init', payload: { Authorization: `Bearer ${first.accessToken}` } });
    expect(await socket.next()).toEqual({ type: 'connection_ack' });
    await watchPrices(socket, 'a');
    socket.send({ type: 'ping', payload: { AUTHORIZATION: `Bearer ${fresh.accessToken}` } });
    const expiresAt = new Date(fresh.expiresAt).toISOString();
    expect(await socket.next()).toEqual({ type: 'pong', payload: { expiresAt } });
    socket.close();
  });

  it('that is there twice, in two spellings, is good for nothing', async () => {
    const authorization = `Bearer ${issue().accessToken}`;
    const socket = await RawSocket.open(server.wsUrl);
    socket.send({ type: 'connection_init', payload: { authorization, Authorization: authorization } });
    expect((await socket.closed).code).toBe(4401);
  });

  it('may be the one that the socket has', async () => {
    const { accessToken, expiresAt } = issue();
    const socket = await RawSocket.connect(server.wsUrl, `Bearer ${accessToken}`);
    ping(socket, `Bearer ${accessToken}`);
    expect(await socket.next()).toEqual({ type: 'pong', payload: { expiresAt: new Date(expiresAt).toISOString() } });
    expect(await socket.messagesUntilPong()).toEqual([]);
    socket.close();
  });
});
