import { randomUUID } from 'node:crypto';
import type { Role } from '../../src/identity/principal';
import type { Reservations } from '../../src/security/reservations';
import { errorOf, executionVariants, priceFrame, pushPrice, tickersDocument, watchPrices } from '../kit/protocol';
import { RawSocket } from '../kit/rawSocket';
import { TestServer } from '../kit/testServer';

/** Counts whoever asks, and has nothing left for some. */
class PickyReservations implements Reservations {
  readonly asked: string[] = [];
  readonly exhausted = new Set<string>();

  take(key: string, { max }: { readonly max: number }): Promise<readonly number[]> {
    this.asked.push(key);
    const isExhausted = [...this.exhausted].some((userId) => key.includes(userId));
    return Promise.resolve(isExhausted ? new Array<number>(max).fill(Date.now()) : []);
  }
}

describe.each(executionVariants)('joining a stream that others read, with %s', (_name, options) => {
  let server: TestServer;
  let reservations: PickyReservations;
  let present: RawSocket;
  const sockets: RawSocket[] = [];

  beforeEach(async () => {
    reservations = new PickyReservations();
    server = await TestServer.start({ ...options, reservations });
    present = await connect(['VIEWER']);
    await watchPrices(present, 'present');
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    await server.stop();
  });

  async function connect(roles: readonly Role[] | null, userId: string = randomUUID()): Promise<RawSocket> {
    const token = roles === null ? [] : [`Bearer ${server.tokens.issue({ userId, roles }).accessToken}`];
    const socket = await RawSocket.connect(server.wsUrl, ...token);
    sockets.push(socket);
    return socket;
  }

  async function expectRefused(socket: RawSocket, code: string): Promise<void> {
    socket.subscribe('late', tickersDocument);
    expect(errorOf(await socket.next())).toEqual({ id: 'late', type: 'error', codes: [code] });
    pushPrice(server, '101');
    expect(await present.next()).toEqual(priceFrame('present', '101'));
    expect(await socket.messagesUntilPong()).toEqual([]);
    expect(server.market.opened).toHaveLength(1);
  }

  it('is refused to whoever is not signed in: nothing opens, nothing is told, no rate is spent', async () => {
    const before = reservations.asked.length;
    await expectRefused(await connect(null), 'UNAUTHENTICATED');
    expect(reservations.asked).toHaveLength(before);
  });

  it('is refused to one whose rate is spent: nothing opens, nothing is told', async () => {
    const userId = randomUUID();
    reservations.exhausted.add(userId);
    await expectRefused(await connect(['VIEWER'], userId), 'RATE_LIMITED');
  });

  it('spends the rate of each reader, the second of one user too', async () => {
    const [ann, bob] = [randomUUID(), randomUUID()];
    for (const [id, socket] of [await connect(['VIEWER'], ann), await connect(['VIEWER'], bob)].entries()) {
      await watchPrices(socket, String(id));
      await watchPrices(socket, `${id} again`);
    }
    for (const userId of [ann, bob]) expect(reservations.asked.filter((key) => key.includes(userId))).toHaveLength(2);
  });

  it('is refused for a role that was lost on the living socket: nothing opens, nothing is told, no rate is spent', async () => {
    const userId = randomUUID();
    const socket = await connect(['VIEWER'], userId);
    server.changeAuthority({ kind: 'rolesChanged', userId, roles: [] });
    await expectRefused(socket, 'FORBIDDEN');
    expect(reservations.asked.filter((key) => key.includes(userId))).toEqual([]);
  });

  it('is refused where the stream cannot be had now, though others have it: the others keep theirs', async () => {
    server.market.failure = { thrown: new Error('the markets are not known') };
    await expectRefused(await connect(['VIEWER']), 'INTERNAL_SERVER_ERROR');
  });
});
