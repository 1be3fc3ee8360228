import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { Command } from '../kit/command';
import { makeTemporaryDir } from '../kit/temporaryDir';

const temporary = makeTemporaryDir();
const environment = { DATA_DIR: temporary.dir, LOG_LEVEL: 'silent' };
const running: Command[] = [];
const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((command) => command.stop('SIGKILL')));
  for (const server of servers.splice(0)) server.close();
});

afterAll(() => {
  temporary.remove();
});

function watch(url: string, token: readonly string[] = ['--token', 'any']): Command {
  const command = new Command('watch', ['simulator:BTC/USDT', '--url', url, ...token], environment);
  running.push(command);
  return command;
}

async function listen(server: Server, port = 0): Promise<number> {
  servers.push(server.listen(port, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Just enough of a server: what it answers to each message of the client is up to the test. */
async function startSocketServer(answer: (socket: WebSocket, message: Message) => void, port = 0) {
  const http = createHttpServer();
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      answer(socket, JSON.parse(data.toString('utf8')) as Message);
    });
  });
  const usedPort = await listen(http, port);
  const stop = async (): Promise<void> => {
    http.close();
    for (const socket of sockets.clients) socket.close(1012);
    await once(http, 'close');
  };
  return { url: `ws://127.0.0.1:${usedPort}/graphql`, port: usedPort, stop };
}

interface Message {
  readonly type: string;
  readonly id: string;
}

function tellPrice(last: string): (socket: WebSocket, message: Message) => void {
  const receivedTime = new Date().toISOString();
  const ticker = { marketId: 'simulator:BTC/USDT', last, bid: last, ask: last, percentage: '1', receivedTime };
  const payload = { data: { tickers: { meta: { kind: 'SNAPSHOT' }, tickers: [ticker] } } };
  return (socket, { type, id }) => {
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    if (type === 'subscribe') socket.send(JSON.stringify({ type: 'next', id, payload }));
  };
}

describe('watch', () => {
  it('waits for a server that is not there, and ends quietly', async () => {
    const command = watch('ws://127.0.0.1:1/graphql');
    await command.says(/connection lost \(.*ECONNREFUSED.*\), trying again …/);
    expect(await command.stop('SIGINT')).toBe(0);
    expect(command.stderr).toBe('');
  });

  it('says what a server answers that has no such path, and ends quietly', async () => {
    const port = await listen(createHttpServer((_request, response) => response.writeHead(404).end()));
    const command = watch(`ws://127.0.0.1:${port}/x`);
    await command.says(/connection lost \(.*404.*\), trying again …/);
    expect(await command.stop('SIGINT')).toBe(0);
    expect(command.stderr).toBe('');
  });

  it('ends at once where the server accepts and then says nothing', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    const connected = once(silent, 'connection');
    const command = watch(`ws://127.0.0.1:${await listen(silent)}/graphql`);
    await connected;
    expect(await command.stop('SIGINT')).toBe(0);
    expect(command.stderr).toBe('');
  });

  it.each(['nonsense', 'http://127.0.0.1:1/graphql', 'ws://127.0.0.1:1/graphql#x'])(
    'refuses %s for a URL',
    async (url) => {
      const command = watch(url);
      expect(await command.ended).toBe(64);
      expect([command.stdout, command.stderr]).toEqual(['', expect.stringMatching(/ws:\/\/ or wss:\/\//) as string]);
    },
  );

  it.each([
    [4401, /does not accept the access token/],
    [4403, /access token has expired/],
  ])('ends with a sentence where the server closes with %d over the token that was given', async (code, sentence) => {
    const { url } = await startSocketServer((socket) => {
      socket.close(code);
    });
    const command = watch(url);
    expect(await command.ended).toBe(77);
    expect(command.stderr).toMatch(sentence);
    expect(command.stderr.trim().split('\n')).toHaveLength(1);
  });

  it('ends with a sentence where there is no token to connect with', async () => {
    const { url } = await startSocketServer(tellPrice('1'));
    const command = watch(url, []);
    expect(await command.ended).toBe(69);
    expect(command.stderr).toMatch(/run "npm start" once\.\n$/);
  });

  it('goes on when the server stops and starts again', async () => {
    const first = await startSocketServer(tellPrice('111'));
    const command = watch(first.url);
    await command.says(/ 111 /);
    await first.stop();
    await command.says(/stale[^]*connection lost \(.*trying again …/);
    const second = await startSocketServer(tellPrice('222'), first.port);
    await command.says(/ 222 [^]*live/);
    expect(await command.stop('SIGINT')).toBe(0);
    expect(command.stderr).toBe('');
    await second.stop();
  });
});
