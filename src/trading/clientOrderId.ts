/** Digits and small letters alone: every exchange takes those. Binance allows 36 characters, MEXC 32. */
const shape = /^tg([0-9a-v]{26})-(\d{1,3})$/;
const idBits = 128n;

/** What an order's sending is called at the exchange: it can be computed before anything is sent, and read back after a crash. */
export function clientOrderIdOf(orderId: string, attempt: number): string {
  const id = BigInt(`0x${orderId.replaceAll('-', '')}`);
  return `tg${id.toString(32).padStart(26, '0')}-${String(attempt)}`;
}

/** The order and the sending behind a client order id; null where it is not one of ours. */
export function readClientOrderId(text: string): { readonly orderId: string; readonly attempt: number } | null {
  const match = shape.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  let id = 0n;
  for (const digit of match[1]) id = id * 32n + BigInt(Number.parseInt(digit, 32));
  if (id >> idBits !== 0n) return null;
  const hex = id.toString(16).padStart(32, '0');
  const orderId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { orderId, attempt: Number.parseInt(match[2], 10) };
}
