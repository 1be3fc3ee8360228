import { connect, type TLSSocket } from 'node:tls';

/** A process of its own, so that what it costs is not counted as the edge's: `slowSockets.ts PORT COUNT`, until it is ended. */
const [port = '', count = ''] = process.argv.slice(2);
const everyMs = 4_000;
const address = (at: number): string => `127.0.1.${1 + (at % 200)}`;
let isOver = false;

/** Sends a request byte by byte, for as long as it is let; then the next. */
function beSlow(at: number): void {
  if (isOver) return;
  const options = {
    host: '127.0.0.1',
    port: Number(port),
    servername: 'localhost',
    rejectUnauthorized: false,
    localAddress: address(at),
  };
  const socket: TLSSocket = connect(options, () => {
    socket.write('POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  });
  const dripping = setInterval(() => socket.write('x'), everyMs);
  socket.on('error', () => undefined);
  socket.resume();
  socket.on('close', () => {
    clearInterval(dripping);
    process.stdout.write('closed\n');
    setTimeout(beSlow, 50, at);
  });
}

process.once('SIGTERM', () => {
  isOver = true;
  process.exit(0);
});
for (let at = 0; at < Number(count); at += 1) setTimeout(beSlow, at * 10, at);
