import { readArguments, UsageError } from '../../src/simulator/simulatorArguments';

describe('the arguments of the simulator', () => {
  it('begin with invented traders on port 7000', () => {
    expect(readArguments([])).toMatchObject({
      port: 7000,
      endsWithParent: false,
      source: { kind: 'synthetic', seed: 'tickgate', ratePerSecond: 10, quietMarkets: [] },
    });
  });

  it('choose the course of events', () => {
    const args = [
      '--port',
      '0',
      '--seed',
      'x',
      '--rate',
      '50',
      '--quiet',
      'XRPUSDT',
      '--quiet',
      'ETHBTC',
      '--with-parent',
    ];
    expect(readArguments(args)).toMatchObject({
      port: 0,
      endsWithParent: true,
      source: { seed: 'x', ratePerSecond: 50, quietMarkets: ['XRPUSDT', 'ETHBTC'] },
    });
  });

  it.each([
    [[], 1],
    [['--speed', '2.5'], 2.5],
    [['--speed', 'max'], null],
    [['--speed', '0'], null],
  ])('replay recordings with %j at speed %p', (args, speed) => {
    const wait = ['--replay-wait', 'btcusdt@trade,btcusdt@depth@100ms'];
    expect(readArguments(['--replay', 'a', '--replay', 'b', ...args, ...wait]).source).toEqual({
      kind: 'replay',
      files: ['a', 'b'],
      speed,
      waitFor: ['btcusdt@trade', 'btcusdt@depth@100ms'],
    });
  });

  it.each([
    [['--dance']],
    [['stray']],
    [['--port', 'x']],
    [['--port', '70000']],
    [['--port', '-1']],
    [['--rate', '0']],
    [['--quiet', 'NOPE']],
    [['--ping-interval', '1']],
    [['--replay', 'x', '--speed', 'fast']],
    [['--replay', 'x', '--seed', '1']],
    [['--replay', 'x', '--quiet', 'XRPUSDT']],
    [['--speed', '2']],
    [['--replay-wait', 'btcusdt@trade']],
  ])('are refused: %j', (args) => {
    expect(() => readArguments(args)).toThrow(UsageError);
  });
});
