// Tries to reach addresses and prints, as JSON, which of them answered: node probe.mjs '[{"to":"192.0.2.1","port":443,"over":"tcp","from":"…"}]'
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';

/** A dropped packet is told by nobody: after so long nothing will come any more. */
const patienceMs = 3000;

function overTcp({ to, port, from }) {
  return new Promise((resolve) => {
    const socket = connect({ host: to, port, ...(from === undefined ? {} : { localAddress: from }) });
    const end = (isOpen) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(patienceMs, () => end(false));
    socket.on('error', () => end(false)).on('data', () => end(true));
  });
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
