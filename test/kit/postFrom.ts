import { request } from 'node:http';
import { text as textOf } from 'node:stream/consumers';

export interface PostFrom {
  readonly url: string;
  /** Of 127.0.0.0/8: every one of it is this machine's. */
  readonly ip: string;
  readonly body: object;
  readonly authorization?: string | undefined;
}

/** Sends JSON from an address of the test's choice, which `fetch` does not let it have. Gives what comes back, read as JSON. */
export async function postFrom({ url, ip, body, authorization }: PostFrom): Promise<unknown> {
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const text = await new Promise<string>((resolve, reject) => {
    // No agent: a connection that is kept would be taken for another address.
    const outgoing = request(url, { method: 'POST', agent: false, localAddress: ip, headers }, (incoming) => {
      textOf(incoming).then(resolve, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(body));
  });
  return JSON.parse(text);
}
