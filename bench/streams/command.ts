/** "Publish event `sequence` of a market, or of all": a byte of market, four of sequence. */
export interface Command {
  /** Null: one event of each market. */
  readonly market: number | null;
  readonly sequence: number;
}

export const commandBytes = 5;
const allMarkets = 255;

export function writeCommand({ market, sequence }: Command): Buffer {
  const bytes = Buffer.allocUnsafe(commandBytes);
  bytes.writeUInt8(market ?? allMarkets, 0);
  bytes.writeUInt32BE(sequence, 1);
  return bytes;
}

export function readCommand(bytes: Buffer): Command {
  const market = bytes.readUInt8(0);
  return { market: market === allMarkets ? null : market, sequence: bytes.readUInt32BE(1) };
}
