import { Backoff } from '../../src/exchanges/backoff';
import { ReconnectGate } from '../../src/exchanges/reconnectGate';

const limits = { baseMs: 250, capMs: 10_000 };

describe('the pause between attempts', () => {
  it('doubles up to its cap, is drawn anew each time, and begins small again after a success', () => {
    const backoff = new Backoff({ random: () => 0.5, limits });
    const drawn = Array.from({ length: 8 }, () => backoff.nextMs());
    expect(drawn).toEqual([125, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(125);
    expect(new Backoff({ random: () => 0, limits }).nextMs()).toBe(0);
  });
});

describe('the gate of all connections to one exchange', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('lets pass at once while nothing has failed', () => {
    const passed = jest.fn();
    new ReconnectGate({ random: () => 0.5, limits }).pass(passed);
    expect(passed).toHaveBeenCalledTimes(1);
  });

  it('makes one pause of many failures, and lets all who wait pass together', () => {
    const gate = new ReconnectGate({ random: () => 0.5, limits });
    const passed = jest.fn();
    for (let index = 0; index < 100; index += 1) {
      gate.failed();
      gate.pass(passed);
    }
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(124);
    expect(passed).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(passed).toHaveBeenCalledTimes(100);
  });

  it('waits as long as the exchange itself has asked for', () => {
    const gate = new ReconnectGate({ random: () => 0, limits });
    const passed = jest.fn();
    gate.failed(30_000);
    gate.pass(passed);
    jest.advanceTimersByTime(29_999);
    expect(passed).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(passed).toHaveBeenCalledTimes(1);
  });

  it('forgets who no longer wants to pass, and leaves no timer when it is closed', () => {
    const gate = new ReconnectGate({ random: () => 0.5, limits });
    const passed = jest.fn();
    gate.failed();
    gate.pass(passed)();
    expect(jest.getTimerCount()).toBe(1);
    gate.close();
    expect(jest.getTimerCount()).toBe(0);
    expect(passed).not.toHaveBeenCalled();
  });
});
