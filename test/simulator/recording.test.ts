import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Replay } from '../../src/simulator/binance/replay/replay';
import { openLiveStream } from '../../src/simulator/binance/streams/marketStreams';
import { RecordingError } from '../../src/simulator/binance/replay/recordingError';

const trade = (id: number, time: number, symbol = 'btcusdt') =>
  `${time}000000 {"stream":"${symbol}@trade","data":{"e":"trade","E":${time},"s":"${symbol.toUpperCase()}","t":${id},"p":"100.50000000","q":"0.25000000","T":${time},"m":true,"M":true}}`;
const depth = (U: number, u: number, bid: string, amount: string) =>
  `${u}000000 {"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":${u},"s":"BTCUSDT","U":${U},"u":${u},"b":[["${bid}","${amount}"]],"a":[]}}`;
const snapshot = '5000000 {"lastUpdateId":5,"bids":[["100.00","1.0"]],"asks":[["101.00","2.0"]]}';

describe('a recording', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'recording-'));
  let files = 0;

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function write(content: string | Buffer): string {
    files += 1;
    const file = path.join(folder, `${files}.log`);
    writeFileSync(file, content);
    return file;
  }

  const load = (recordings: string[], waitFor: string[] = []) =>
    Replay.load({ files: recordings, speed: null, waitFor, now: Date.now, onError: (error) => errors.push(error) });
  const errors: unknown[] = [];

  /** Subscribes to the streams, plays to the end and gives what was heard. */
  async function play(replay: Replay, ...streams: string[]): Promise<string[]> {
    const heard: string[] = [];
    for (const stream of streams) {
      const sink = { emit: (data: string) => heard.push(data), drained: () => null };
      replay.openStream(stream, sink, (name) => openLiveStream(replay, name, sink));
    }
    while (['waiting', 'playing'].includes(statusOf(replay))) await new Promise((resolve) => setImmediate(resolve));
    return heard;
  }

  const statusOf = (replay: Replay) => (replay.describe() as { status: string }).status;

  it.each([
    ['plain', (text: string) => text],
    ['packed with gzip', (text: string) => gzipSync(text)],
  ])('plays when it is %s', async (_how, pack) => {
    const replay = await load([write(pack([trade(1, 1000), trade(2, 2000)].join('\n')))]);
    expect((await play(replay, 'btcusdt@trade')).map((data) => (JSON.parse(data) as { t: number }).t)).toEqual([1, 2]);
    expect(statusOf(replay)).toBe('ended');
    expect(replay.markets.get('BTCUSDT')?.spec).toMatchObject({
      base: 'BTC',
      quote: 'USDT',
      priceDecimals: 1,
      amountDecimals: 2,
    });
  });

  it('offers the recorded snapshot before its line is played, and passes over updates that are older', async () => {
    const replay = await load([
      write(
        [depth(1, 3, '99.00', '9.0'), depth(4, 7, '100.00', '3.0'), snapshot, depth(8, 9, '98.00', '4.0')].join('\n'),
      ),
    ]);
    const market = replay.markets.get('BTCUSDT')!;
    expect(market.book(5)).toMatchObject({ updateId: 5, bids: [{ price: '100', amount: '1' }] });
    await play(replay, 'btcusdt@depth@100ms');
    expect(market.book(5)).toMatchObject({
      updateId: 9,
      bids: [
        { price: '100', amount: '3' },
        { price: '98', amount: '4' },
      ],
    });
    expect(market.gaps).toBe(0);
  });

  it('counts an update that does not join the one before', async () => {
    const replay = await load([write([snapshot, depth(6, 7, '99.00', '1.0'), depth(9, 9, '99.00', '2.0')].join('\n'))]);
    await play(replay, 'btcusdt@depth@100ms');
    expect(replay.describe()).toMatchObject({ gaps: 1 });
  });

  it('derives what was not recorded, in the time of the recording', async () => {
    const replay = await load([write([trade(1, 60_500), trade(2, 121_000)].join('\n'))]);
    const [first] = await play(replay, 'btcusdt@aggTrade');
    expect(JSON.parse(first!)).toMatchObject({ e: 'aggTrade', E: 60_500, f: 1, l: 1, p: '100.50000000' });
    const candles = replay.markets.get('BTCUSDT')!.candles({ intervalMs: 60_000, since: null, until: null, limit: 10 });
    expect(candles.map((candle) => candle.openTime)).toEqual([60_000, 120_000]);
  });

  it.each([
    ['a line without a time', '{"stream":"btcusdt@trade","data":{}}'],
    ['a line that is no frame', '1 {"hello":"world"}'],
    ['a frame that is no JSON', '1 {"stream":"btcusdt@trade","data":{"t":}}'],
    ['two markets', `${trade(1, 1)}\n${trade(1, 2, 'ethusdt')}`],
    ['no market', snapshot],
    ['a market whose quote nobody knows', trade(1, 1, 'foobar')],
    ['gzip that is cut short', gzipSync(trade(1, 1)).subarray(0, 60)],
  ])('is refused with %s', async (_what, content) => {
    await expect(load([write(content)])).rejects.toBeInstanceOf(RecordingError);
  });

  describe('of futures', () => {
    const update = (pu: number, U: number, u: number, bid: string) =>
      `${u}000000 {"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":${u},"T":${u},"s":"BTCUSDT","U":${U},"u":${u},"pu":${pu},"b":[["${bid}","1.000"]],"a":[]}}`;

    it('is known by its updates, whose ids leave gaps where none is missing', async () => {
      const lines = [snapshot, update(4, 3, 8, '100.10'), update(8, 20, 25, '100.20'), update(25, 40, 44, '100.30')];
      const replay = await load([write(lines.join('\n'))]);
      expect(replay.exchange).toBe('usdm');
      await play(replay, 'btcusdt@depth@0ms');
      expect(replay.describe()).toMatchObject({ status: 'ended', gaps: 0 });
      expect(
        replay.markets
          .get('BTCUSDT')!
          .book(2)
          .bids.map(({ price }) => price),
      ).toEqual(['100.3', '100.2']);
    });

    it('counts an update whose forerunner is missing', async () => {
      const replay = await load([write([snapshot, update(4, 3, 8, '100.1'), update(9, 20, 25, '100.2')].join('\n'))]);
      await play(replay, 'btcusdt@depth@0ms');
      expect(replay.describe()).toMatchObject({ gaps: 1 });
    });

    it('is not played together with one of spot', async () => {
      const spot = write(trade(1, 1, 'ethusdt'));
      await expect(load([spot, write(update(4, 3, 8, '100.1'))])).rejects.toBeInstanceOf(RecordingError);
    });
  });

  it('is refused where it is missing, or twice the same market, or waited for in vain', async () => {
    await expect(load([path.join(folder, 'nothing')])).rejects.toBeInstanceOf(RecordingError);
    await expect(load([write(trade(1, 1)), write(trade(1, 1))])).rejects.toBeInstanceOf(RecordingError);
    await expect(load([write(trade(1, 1))], ['ethusdt@trade'])).rejects.toBeInstanceOf(RecordingError);
  });

  it('says so where it breaks off while it is played', async () => {
    const file = write([trade(1, 1000), trade(2, 2000)].join('\n'));
    const replay = await load([file]);
    writeFileSync(file, `${trade(1, 1000)}\nbroken`);
    expect(await play(replay, 'btcusdt@trade')).toHaveLength(1);
    expect(statusOf(replay)).toBe('failed');
    expect(errors.at(-1)).toBeInstanceOf(RecordingError);
  });
});
