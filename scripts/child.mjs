import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program to its end and resolves to its exit status. A signal for us is passed on;
 * when the program has ended, this process ends too, as the signal wanted.
 */
export async function runToEnd(command, args, options) {
  const child = spawn(command, args, options);
  let received = null;
  const passOn = (signal) => {
    received = signal;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, passOn);
  try {
    const status = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
    });
    if (received !== null) process.exit(128 + constants.signals[received]);
    return status;
  } finally {
    for (const signal of signals) process.removeListener(signal, passOn);
  }
}
