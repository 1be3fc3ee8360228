// Tries to reach addresses and prints, as JSON, which of them answered:
// node probe.mjs '[{"to":"192.0.2.1","port":443,"over":"tcp","from":"…","after":{"connections":512,"from":"…"}}]'
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';

/** A dropped packet is told by nobody: after so long nothing will come any more. */
const patienceMs = 3000;
/** Fewer than listeners let wait. */
const opensAtOnce = 64;

/** The socket stays open: whoever called destroys it. */
function open({ to, port, from }) {
  return new Promise((resolve) => {
    // Half open: it does not close by itself when the other side does.
    const socket = connect({
      host: to,
      port,
      allowHalfOpen: true,
      ...(from === undefined ? {} : { localAddress: from }),
    });
    const end = (isOpen) => resolve({ socket, isOpen });
    socket.setTimeout(patienceMs, () => end(false));
    socket.on('error', () => end(false)).on('data', () => end(true));
  });
}

async function overTcp({ to, port, from, after = { connections: 0 } }) {
  const opened = [];
  while (opened.length < after.connections) {
    const next = Math.min(opensAtOnce, after.connections - opened.length);
    const more = await Promise.all(Array.from({ length: next }, () => open({ to, port, from: after.from })));
    opened.push(...more);
    // What lets none in lets no more in.
    if (!more.some(({ isOpen }) => isOpen)) break;
  }
  const last = await open({ to, port, from });
  // One that is still waiting for an answer would keep this program here.
  for (const { socket } of [...opened, last]) socket.destroy();
  return last.isOpen;
}

function overUdp({ to, port }) {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(to) ? 'udp6' : 'udp4');
    const end = (isOpen) => {
      clearTimeout(timer);
      socket.close();
      resolve(isOpen);
    };
    const timer = setTimeout(() => end(false), patienceMs);
    socket.on('error', () => end(false)).on('message', () => end(true));
    socket.connect(port, to, () => socket.send('anybody?', (error) => error && end(false)));
  });
}

const probes = JSON.parse(process.argv[2]);
const answers = await Promise.all(probes.map((probe) => (probe.over === 'udp' ? overUdp(probe) : overTcp(probe))));
console.log(JSON.stringify(answers));
