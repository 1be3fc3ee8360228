// Places one order with an API key whose requests are signed (RFC 9421, Ed25519). Needs no package.
//
//   openssl genpkey -algorithm ed25519 -out bot.pem         # stays with the bot
//   openssl pkey -in bot.pem -pubout                        # goes into createApiKey(publicKey: …)
//   TICKGATE_API_KEY=tg_… node docs/examples/signedOrder.mjs --key-id ID --private-key bot.pem \
//     --account ID --market simulator:BTC/USDT --side BUY --amount 0.01
//
//   --url URL             default: http://localhost:4000/graphql
//   --key-id ID           `apiKey { id }` of createApiKey
//   --idempotency-key K   default: a new one; the same key is the same order, however often it is sent
//
// What is signed, and why: docs/API_KEYS.md.

import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://localhost:4000/graphql' },
    'key-id': { type: 'string' },
    'private-key': { type: 'string' },
    account: { type: 'string' },
    market: { type: 'string' },
    side: { type: 'string', default: 'BUY' },
    amount: { type: 'string' },
    'idempotency-key': { type: 'string', default: randomUUID() },
  },
});
const privateKey = createPrivateKey(readFileSync(options['private-key']));
const authorization = `Bearer ${process.env.TICKGATE_API_KEY}`;

/** The headers of one request. They are good once, and for 5 seconds: another try needs new ones. */
function signedHeaders(body) {
  const contentDigest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const created = Math.floor(Date.now() / 1000);
  const params =
    '("@method" "@path" "authorization" "content-digest")' +
    `;created=${created};nonce="${randomUUID()}";keyid="${options['key-id']}";alg="ed25519"`;
  const signed = [
    '"@method": POST',
    // As Tickgate sees it, whatever a proxy before it is called.
    '"@path": /graphql',
    `"authorization": ${authorization}`,
    `"content-digest": ${contentDigest}`,
    `"@signature-params": ${params}`,
  ].join('\n');
  return {
    authorization,
    'content-type': 'application/json',
    'content-digest': contentDigest,
    'signature-input': `tickgate=${params}`,
    signature: `tickgate=:${sign(null, Buffer.from(signed), privateKey).toString('base64')}:`,
  };
}

const query = `
  mutation ($input: CreateOrderInput!) {
    createOrder(input: $input) {
      order { id status filled average }
      errors { code message }
    }
  }`;
const { account, market, side, amount } = options;
const input = { idempotencyKey: options['idempotency-key'], account, market, type: 'MARKET', side, amount };
// Signed as it is sent: the bytes, not the object.
const body = JSON.stringify({ query, variables: { input } });

const response = await fetch(options.url, { method: 'POST', headers: signedHeaders(body), body });
const { data, errors } = await response.json();
const refusals = errors?.map(({ message, extensions }) => ({ code: extensions.code, message }));
const answer = refusals === undefined ? data.createOrder : { errors: refusals };
process.stdout.write(`${JSON.stringify(answer)}\n`);
process.exitCode = answer.order ? 0 : 1;
