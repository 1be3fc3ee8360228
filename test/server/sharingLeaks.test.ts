import { randomUUID } from 'node:crypto';
import { eventually } from '../kit/eventually';
import {
  misdeclaredDocuments,
  nobody,
  positionsDocument,
  secretsDocument,
  withOwnPositions,
  type SourcesByUser,
} from '../kit/ownPositions';
import { errorOf, executionVariants } from '../kit/protocol';
import { RawSocket } from '../kit/rawSocket';
import type { ScriptedStream } from '../kit/scriptedStream';
import { codesOf, TestServer } from '../kit/testServer';

/** Beyond what it takes until a document is compiled. */
const manyEvents = 60;
const users = 20;

describe('a stream that is the same for all connections of one user', () => {
  let sources: SourcesByUser;
  let server: TestServer;
  let sockets: RawSocket[];

  beforeEach(async () => {
    sources = new Map();
    sockets = [];
    const access = { publicMarketData: true };
    server = await TestServer.start({ main: withOwnPositions(sources), access, caps: { maxSocketsPerUser: 3 } });
  });

  afterEach(async () => {
    for (const socket of sockets) socket.close();
    await server.stop();
  });

  const connect = async (userId: string | null): Promise<RawSocket> => {
    const token = userId === null ? null : server.tokens.issue({ userId, roles: ['VIEWER'] }).accessToken;
    const socket = await RawSocket.connect(server.wsUrl, ...(token === null ? [] : [`Bearer ${token}`]));
    sockets.push(socket);
    return socket;
  };

  const openStreamsOf = (key: string): readonly ScriptedStream[] =>
    sources.get(key)?.opened.filter(({ isOpen }) => isOpen) ?? [];

  const give = async (key: string): Promise<void> => {
    for (const stream of openStreamsOf(key)) stream.give();
    await new Promise((resolve) => setImmediate(resolve));
  };

  const executions = async (): Promise<number> => {
    const { values } = await server.metrics.streamExecutions.get();
    return values.reduce((sum, { value }) => sum + value, 0);
  };

  const positionOf = (id: string, owner: string) => ({
    id,
    type: 'next',
    payload: { data: { ownPositions: { owner } } },
  });

  it('tells many users who ask the same at once each only what is theirs, with one execution a user and event', async () => {
    const ids = Array.from({ length: users }, () => randomUUID());
    const readers = await Promise.all(
      [...ids, ...ids].map(async (userId) => ({ userId, socket: await connect(userId) })),
    );
    for (const { socket } of readers) socket.subscribe('same', positionsDocument);
    for (const userId of ids) await eventually(() => openStreamsOf(userId).length === 1);
    await Promise.all(readers.map(({ socket }) => socket.messagesUntilPong()));
    for (let event = 0; event < manyEvents; event += 1) for (const userId of ids) await give(userId);
    for (const { userId, socket } of readers) {
      const expected = Array.from({ length: manyEvents }, () => positionOf('same', userId));
      const seen = [];
      while (seen.length < manyEvents) seen.push(await socket.next());
      expect(seen).toEqual(expected);
      expect(await socket.messagesUntilPong()).toEqual([]);
    }
    expect(ids.map((userId) => sources.get(userId)?.opened.length)).toEqual(ids.map(() => 1));
    expect(await executions()).toBe(users * manyEvents);
  });

  it('is opened anew, and for nobody else, when its only reader leaves and another user comes', async () => {
    const [ann, bob] = [randomUUID(), randomUUID()];
    const first = await connect(ann);
    first.subscribe('a', positionsDocument);
    await eventually(() => openStreamsOf(ann).length === 1);
    first.close();
    await eventually(() => openStreamsOf(ann).length === 0);
    const second = await connect(bob);
    second.subscribe('a', positionsDocument);
    await eventually(() => openStreamsOf(bob).length === 1);
    await give(bob);
    expect(await second.next()).toEqual(positionOf('a', bob));
    expect(openStreamsOf(ann)).toEqual([]);
  });

  it('is executed for each reader alone where nobody is signed in', async () => {
    const readers = [await connect(null), await connect(null)];
    for (const socket of readers) socket.subscribe('a', positionsDocument);
    await eventually(() => openStreamsOf(nobody).length === readers.length);
    await give(nobody);
    for (const socket of readers) expect(await socket.next()).toEqual(positionOf('a', nobody));
    expect(await executions()).toBe(0);
  });

  it('that was declared the same for all by mistake, and asks who reads it, tells an error and nobody’s data', async () => {
    const readers = await Promise.all([randomUUID(), randomUUID(), null].map(connect));
    for (const socket of readers) {
      socket.subscribe('a', secretsDocument);
      await socket.messagesUntilPong();
    }
    expect(openStreamsOf('secrets')).toHaveLength(1);
    for (let event = 0; event < manyEvents; event += 1) {
      await give('secrets');
      for (const socket of readers) {
        const { type, payload } = await socket.next();
        const { data, errors } = payload as {
          data: unknown;
          errors: readonly { extensions: Record<string, unknown> }[];
        };
        expect([type, data, codesOf(errors)]).toEqual(['next', { secrets: { text: null } }, ['INTERNAL_SERVER_ERROR']]);
      }
    }
  });

  it.each(
    executionVariants.flatMap(([how, options]) =>
      misdeclaredDocuments.map((asked) => [...asked, how, options] as const),
    ),
  )(
    'that was declared the same for all by mistake, and opens its source by the %s of its reader, is refused: %s, with %s',
    async (_of, document, _how, options) => {
      const other = await TestServer.start({ main: withOwnPositions(sources), ...options });
      const socket = await RawSocket.connect(other.wsUrl, other.bearer('VIEWER'));
      socket.subscribe('a', document);
      expect(errorOf(await socket.next())).toEqual({ id: 'a', type: 'error', codes: ['INTERNAL_SERVER_ERROR'] });
      expect(sources.size).toBe(0);
      socket.close();
      await other.stop();
    },
  );
});
