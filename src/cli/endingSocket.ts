import WebSocket from 'ws';

/** A server that accepts a connection and says nothing is as good as none. */
const handshakeTimeoutMs = 10_000;

/** A WebSocket for a client that knows only how to open one: it gives up a silent server, and closes with the signal, opening or open. */
export function endingSocket(signal: AbortSignal): new (url: string | URL, protocols?: string | string[]) => WebSocket {
  return class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { handshakeTimeout: handshakeTimeoutMs });
      const end = (): void => {
        this.close(1000);
      };
      signal.addEventListener('abort', end, { once: true });
      this.once('close', () => {
        signal.removeEventListener('abort', end);
      });
      if (signal.aborted) end();
    }
  };
}
