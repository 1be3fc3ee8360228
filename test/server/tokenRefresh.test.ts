import { eventually } from '../kit/eventually';
import { Gate } from '../kit/gate';
import { bookOf, tickersOf, tradesOf } from '../kit/liveMarketDocuments';
import { LiveMarkets } from '../kit/liveMarkets';
import { MovableClock } from '../kit/movableClock';
import { executionVariants } from '../kit/protocol';
import { eventOf, RecordingSocket } from '../kit/recordingSocket';
import { StandInTokens, type StandInToken } from '../kit/standInTokens';
import { apiForAnalysts } from '../kit/streamEndings';
import { codesOf, TestServer } from '../kit/testServer';

const lifeMs = 60_000;

describe.each(executionVariants)('a fresh token in a ping, with %s', (_variant, options) => {
  const clock = new MovableClock();
  const tokens = new StandInTokens(clock.now);
  let markets: LiveMarkets;
  let server: TestServer;
  let first: StandInToken;
  let socket: RecordingSocket;

  beforeEach(async () => {
    markets = new LiveMarkets();
    markets.publish();
    server = await TestServer.start({
      ...options,
      main: apiForAnalysts(),
      marketStreams: markets.streams,
      verifier: tokens,
      access: { clock: clock.now },
    });
    first = tokens.issue({ roles: ['ANALYST'], lifeMs });
    socket = await watch(first);
  });

  afterEach(async () => {
    socket.terminate();
    await eventually(() => markets.bus.interests().length === 0);
    await server.stop();
  });

  async function watch({ authorization }: StandInToken): Promise<RecordingSocket> {
    const watching = await RecordingSocket.connect(server.wsUrl, { authorization });
    watching.subscribe('tickers', tickersOf());
    watching.subscribe('book', bookOf());
    watching.subscribe('trades', tradesOf());
    await eventually(() => ['tickers', 'book', 'trades'].every((id) => watching.of(id).length > 0));
    return watching;
  }

  async function refresh(wishes: Parameters<StandInTokens['issue']>[0]): Promise<StandInToken> {
    const token = tokens.issue({ userId: first.principal.userId, roles: ['ANALYST'], ...wishes });
    socket.send({ type: 'ping', payload: { authorization: token.authorization } });
    await eventually(() => socket.messages.some(({ type }) => type === 'pong') || socket.closed !== null);
    return token;
  }

  async function expectLive(...ids: readonly string[]): Promise<void> {
    const counts = ids.map((id) => socket.of(id).length);
    markets.publish();
    await eventually(() => ids.every((id, index) => socket.of(id).length === (counts[index] ?? 0) + 1));
    expect(socket.closed).toBeNull();
  }

  it('is answered with its end alone, whatever else was sent along, and a ping without one with nothing', async () => {
    const { authorization, principal } = tokens.issue({ userId: first.principal.userId, roles: ['ANALYST'] });
    socket.send({ type: 'ping', payload: { authorization, more: 'x'.repeat(1_000) } });
    socket.send({ type: 'ping', payload: { more: 'x'.repeat(1_000) } });
    await eventually(() => socket.messages.filter(({ type }) => type === 'pong').length === 2);
    expect(socket.messages.filter(({ type }) => type === 'pong').map(({ payload }) => payload)).toEqual([
      { expiresAt: new Date(principal.expiresAt).toISOString() },
      undefined,
    ]);
  });

  it('keeps the streams when the token before expires; a socket that had no fresh one ends', async () => {
    const careless = await watch(tokens.issue({ roles: ['ANALYST'], lifeMs }));
    await refresh({ lifeMs: 3 * lifeMs });
    clock.advance(lifeMs);
    await eventually(() => careless.closed !== null);
    expect(careless.closed?.code).toBe(4403);
    await expectLive('tickers', 'book', 'trades');
    clock.advance(2 * lifeMs);
    await eventually(() => socket.closed !== null);
    expect(socket.closed?.code).toBe(4403);
  });

  it('keeps every event: none is told twice, and none is left out', async () => {
    for (let round = 0; round < 20; round += 1) {
      markets.publish();
      await refresh({});
    }
    const ids = (): readonly number[] =>
      socket.of('trades').flatMap((message) => eventOf(message).trades.map(({ id }) => Number(id)));
    await eventually(() => ids().at(-1) === markets.numberOf());
    expect(ids()).toEqual(Array.from({ length: markets.numberOf() }, (_, index) => index + 1));
  });

  it.each([
    ['of another user', 4401, { userId: 'another' }],
    ['that has expired', 4403, { lifeMs: -1 }],
  ])('%s ends the socket with %i', async (_kind, code, wishes) => {
    await refresh(wishes);
    await eventually(() => socket.closed !== null);
    expect(socket.closed?.code).toBe(code);
    expect(socket.messages.filter(({ type }) => type === 'pong')).toEqual([]);
  });

  it('with fewer roles ends what needs more with FORBIDDEN, and leaves the rest', async () => {
    await refresh({ roles: ['VIEWER'] });
    await eventually(() => socket.of('book', 'error').length === 1 && socket.of('tickers', 'error').length === 1);
    for (const id of ['tickers', 'book']) {
      expect(codesOf(socket.of(id, 'error')[0]?.payload as never)).toEqual(['FORBIDDEN']);
    }
    await expectLive('trades');
    socket.subscribe('again', tickersOf());
    await eventually(() => socket.of('again', 'error').length === 1);
    socket.send({ id: 'query', type: 'subscribe', payload: { query: '{ serverTime }' } });
    await eventually(() => socket.of('query').length === 1);
  });

  it('of another session leaves the one before: the end of that one is no matter of this socket any more, the end of the new one is', async () => {
    const fresh = await refresh({});
    server.changeAuthority({ kind: 'sessionRevoked', sessionId: first.principal.credential.id });
    await expectLive('tickers', 'trades');
    server.changeAuthority({ kind: 'sessionRevoked', sessionId: fresh.principal.credential.id });
    await eventually(() => socket.closed !== null);
    expect(socket.closed?.code).toBe(4401);
  });

  it('that takes long to be checked is answered, and counts, before those that came after it', async () => {
    const { userId } = first.principal;
    const [long, short] = [2 * lifeMs, lifeMs / 2].map((life) =>
      tokens.issue({ userId, roles: ['ANALYST'], lifeMs: life }),
    );
    const gate = new Gate();
    const verify = tokens.verify.bind(tokens);
    jest.spyOn(tokens, 'verify').mockImplementationOnce((async (token: string) => {
      await gate.passed;
      return verify(token);
    }) as never);
    for (const token of [long, short]) socket.send({ type: 'ping', payload: { authorization: token!.authorization } });
    // Both have arrived once this is answered.
    socket.subscribe('behind them', '{ serverTime }');
    await eventually(() => socket.of('behind them').length > 0);
    gate.open();
    const pongs = (): readonly unknown[] =>
      socket.messages.filter(({ type }) => type === 'pong').map(({ payload }) => payload);
    await eventually(() => pongs().length === 2);
    expect(pongs()).toEqual(
      [long, short].map((token) => ({ expiresAt: new Date(token!.principal.expiresAt).toISOString() })),
    );
    clock.advance(lifeMs / 2 + 1);
    markets.publish();
    await eventually(() => socket.closed !== null);
    expect(socket.closed?.code).toBe(4403);
  });

  it('does not give back the roles that were lost to streams that have ended', async () => {
    const { userId } = first.principal;
    server.changeAuthority({ kind: 'rolesChanged', userId, roles: ['VIEWER'] });
    await eventually(() => socket.of('tickers', 'error').length === 1);
    await refresh({});
    const before = socket.of('tickers').length;
    await expectLive('trades');
    expect(socket.of('tickers')).toHaveLength(before);
    socket.subscribe('again', tickersOf());
    await eventually(() => socket.of('again').length === 1);
  });
});
