import type { WireRequest } from '../server/wire';

/** A call that waits to be released, as the control endpoint shows it. */
export interface HeldCall {
  readonly id: number;
  readonly method: string;
  readonly path: string;
  /** Its query and body, as they were sent. */
  readonly content: string;
  /** before: it has not been carried out yet. */
  readonly at: 'before' | 'after';
}

/** What becomes of a held call: it goes on, or it is forgotten and its socket is cut. */
export type Settlement = 'released' | 'forgotten';

/** Calls that a fault holds until somebody decides what becomes of them. */
export class HeldCalls {
  private readonly calls = new Map<number, { readonly call: HeldCall; readonly settle: (how: Settlement) => void }>();
  private lastId = 0;

  hold(request: WireRequest, at: HeldCall['at']): Promise<Settlement> {
    this.lastId += 1;
    const id = this.lastId;
    const { method, path } = request;
    return new Promise((resolve) => {
      this.calls.set(id, { call: { id, method, path, content: contentOf(request), at }, settle: resolve });
    });
  }

  list(): HeldCall[] {
    return [...this.calls.values()].map(({ call }) => call);
  }

  /** Settles one call, or all where no id is given; says how many. */
  settle(id: number | null, how: Settlement): number {
    const chosen = [...this.calls.values()].filter(({ call }) => id === null || call.id === id);
    for (const { call, settle } of chosen) {
      this.calls.delete(call.id);
      settle(how);
    }
    return chosen.length;
  }
}

/** What a fault's `content` is compared with. */
export function contentOf(request: WireRequest): string {
  return [request.query, request.body].filter((part) => part !== '').join('&');
}
