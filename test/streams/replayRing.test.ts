import fc from 'fast-check';
import { ReplayRing } from '../../src/streams/replayRing';
import { collectedBytes } from '../kit/collectedHeap';
import { TextPayload } from '../kit/scriptedStream';

const textsAfter = (ring: ReplayRing<TextPayload>, seq: number): readonly string[] | null =>
  ring.after(seq)?.map(({ text }) => text) ?? null;

describe('a replay ring', () => {
  it('gives all that came after an event, oldest first', () => {
    const ring = new ReplayRing<TextPayload>({ maxEntries: 10, maxBytes: 100 }, 4);
    ring.push(5, new TextPayload('five'));
    ring.push(6, new TextPayload('six'));
    expect(textsAfter(ring, 4)).toEqual(['five', 'six']);
    expect(textsAfter(ring, 5)).toEqual(['six']);
    expect(textsAfter(ring, 6)).toEqual([]);
  });

  it('gives nothing after an event from before it began', () => {
    const ring = new ReplayRing<TextPayload>({ maxEntries: 10, maxBytes: 100 }, 4);
    expect([textsAfter(ring, 3), textsAfter(ring, 4)]).toEqual([null, []]);
  });

  it('holds nothing of a payload that is larger than all of it, and says so', () => {
    const ring = new ReplayRing<TextPayload>({ maxEntries: 10, maxBytes: 3 }, 0);
    ring.push(1, new TextPayload('long'));
    expect([textsAfter(ring, 0), textsAfter(ring, 1)]).toEqual([null, []]);
    ring.push(2, new TextPayload('two'));
    expect(textsAfter(ring, 1)).toEqual(['two']);
  });

  it('keeps nothing of what it has dropped in memory', async () => {
    const ring = new ReplayRing<Buffer>({ maxEntries: 1_000, maxBytes: 262_144 }, 0);
    const before = await collectedBytes();
    for (let seq = 1; seq <= 900; seq += 1) ring.push(seq, Buffer.alloc(100_000));
    expect((await collectedBytes()) - before).toBeLessThan(5_000_000);
    expect(ring.after(898)).toHaveLength(2);
  });

  it('is the end of the whole course, as far as number and size allow, whatever is pushed', () => {
    const bounds = fc.record({ maxEntries: fc.integer({ min: 1, max: 6 }), maxBytes: fc.integer({ min: 1, max: 30 }) });
    const pushes = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), size: fc.integer({ min: 0, max: 12 }) }));
    fc.assert(
      fc.property(bounds, pushes, ({ maxEntries, maxBytes }, given) => {
        const ring = new ReplayRing<TextPayload>({ maxEntries, maxBytes }, 0);
        const all: { readonly seq: number; readonly text: string }[] = [];
        for (const { gap, size } of given) {
          const seq = (all.at(-1)?.seq ?? 0) + gap;
          all.push({ seq, text: `${seq} `.padEnd(size, 'x').slice(0, size) });
          ring.push(seq, new TextPayload(all.at(-1)!.text));
          for (const from of [0, ...all.map((one) => one.seq)]) {
            const rest = all.filter((one) => one.seq > from).map(({ text }) => text);
            const isHeld = rest.length <= maxEntries && rest.join('').length <= maxBytes;
            expect(textsAfter(ring, from)).toEqual(isHeld ? rest : null);
          }
        }
      }),
    );
  });
});
