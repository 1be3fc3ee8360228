import { loadConfig } from '../../src/config/loadConfig';
import { findProjectDir } from '../../src/config/processConfig';
import { startTickgate, type Tickgate } from '../../src/main';
import { tickersOf } from '../kit/liveMarketDocuments';
import { RawSocket } from '../kit/rawSocket';
import { makeTemporaryDir } from '../kit/temporaryDir';
import { codesOf } from '../kit/testServer';

/** Set so low that each is met by one step more. */
const settings = {
  MAX_SOCKETS_PER_USER: '1',
  MAX_SOCKETS_PER_ADDRESS: '3',
  MAX_OPERATIONS_PER_SOCKET: '1',
  MAX_MESSAGES_PER_MINUTE: '6',
};

const data = makeTemporaryDir();
const open: RawSocket[] = [];
let tickgate: Tickgate;

beforeAll(async () => {
  const config = loadConfig({
    environment: {
      ...settings,
      DATA_DIR: data.dir,
      PORT: '0',
      METRICS_PORT: '0',
      LOG_LEVEL: 'silent',
      EXCHANGES: 'simulator',
      // Nobody answers there.
      EXCHANGE_SIMULATOR_REST_URL: 'http://127.0.0.1:9',
      EXCHANGE_SIMULATOR_WS_URL: 'ws://127.0.0.1:9',
    },
    projectDir: findProjectDir(),
  });
  const signal = new AbortController().signal;
  tickgate = await startTickgate({
    config,
    secrets: [],
    exchanges: config.exchanges,
    onProgress: () => undefined,
    signal,
  });
});

afterAll(async () => {
  await tickgate.stop();
  data.remove();
});

afterEach(async () => {
  for (const socket of open.splice(0)) {
    socket.close();
    await socket.closed;
  }
});

async function connect(authorization?: string): Promise<RawSocket> {
  const socket = await RawSocket.open(`ws://127.0.0.1:${tickgate.port}/graphql`);
  open.push(socket);
  socket.send({ type: 'connection_init', payload: authorization === undefined ? {} : { authorization } });
  return socket;
}

async function signIn(): Promise<string> {
  const user = tickgate.demo?.users[0];
  const response = await fetch(`http://127.0.0.1:${tickgate.port}/auth/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query:
        'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken } }',
      variables: { email: user?.email, password: user?.password },
    }),
  });
  const answer = (await response.json()) as { readonly data: { readonly login: { readonly accessToken: string } } };
  return `Bearer ${answer.data.login.accessToken}`;
}

it('MAX_SOCKETS_PER_USER is how many sockets one user may hold', async () => {
  const authorization = await signIn();
  expect((await (await connect(authorization)).next()).type).toBe('connection_ack');
  expect((await (await connect(authorization)).closed).code).toBe(4420);
  expect((await (await connect()).next()).type).toBe('connection_ack');
});

it('MAX_SOCKETS_PER_ADDRESS is how many come in from one address', async () => {
  for (let count = 0; count < 3; count += 1) expect((await (await connect()).next()).type).toBe('connection_ack');
  expect((await (await connect()).closed).code).toBe(4420);
});

it('MAX_OPERATIONS_PER_SOCKET is how many may run on one socket', async () => {
  const socket = await connect(await signIn());
  await socket.next();
  socket.subscribe('first', tickersOf());
  socket.subscribe('second', tickersOf());
  const answer = await socket.next();
  expect([answer.id, codesOf(answer.payload as never)]).toEqual(['second', ['TOO_MANY_SUBSCRIPTIONS']]);
});

it('MAX_MESSAGES_PER_MINUTE is how many messages a socket may send', async () => {
  const socket = await connect();
  await socket.next();
  for (let sent = 1; sent < 6; sent += 1) {
    socket.send({ type: 'ping' });
    expect((await socket.next()).type).toBe('pong');
  }
  socket.send({ type: 'ping' });
  expect((await socket.closed).code).toBe(4422);
});
