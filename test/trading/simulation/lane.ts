import type { DataSource } from 'typeorm';
import { migrations } from '../../../migrations/migrations';
import { createDataSource } from '../../../src/storage/dataSource';
import { migrate } from '../../../src/storage/migrate';
import { DatabaseWire } from './databaseWire';
import { openSimulatedDataSource, type DatabaseSide } from './simulatedPool';

/** The way to the database of one node at a time. */
export interface Seat {
  readonly dataSource: DataSource;
  /** Whose it is now. */
  occupant: DatabaseSide | null;
}

/** A database in which one simulation runs after the other, and the seats of as many nodes as run at once. */
export interface Lane {
  readonly name: string;
  readonly wire: DatabaseWire;
  readonly seats: readonly Seat[];
  close(): Promise<void>;
}

const nodesAtOnce = 2;

/** A schema of its own, up to date, is as good as a database of its own. */
export async function openLane(databaseUrl: string, name: string): Promise<Lane> {
  const url = await makeSchema(databaseUrl, `lane_${name}`);
  const wire = await DatabaseWire.open(url);
  const seats: Seat[] = [];
  for (let number = 0; number < nodesAtOnce; number += 1) seats.push(await openSeat(wire));
  return {
    name,
    wire,
    seats,
    close: async () => {
      for (const { dataSource } of seats) await dataSource.destroy();
      await wire.close();
    },
  };
}

/** Gives the address under which it is the one that is meant. */
async function makeSchema(databaseUrl: string, schema: string): Promise<string> {
  const url = new URL(databaseUrl);
  url.searchParams.set('options', `-c search_path=${schema}`);
  const dataSource = await createDataSource({ url: url.href, migrations }).initialize();
  await dataSource.query(`CREATE SCHEMA ${schema}`);
  await migrate({ dataSource, onProgress: () => undefined });
  await dataSource.destroy();
  return url.href;
}

async function openSeat(wire: DatabaseWire): Promise<Seat> {
  let occupant: DatabaseSide | null = builder;
  const dataSource = await openSimulatedDataSource(wire, () => {
    if (occupant === null) throw new Error('nobody sits here');
    return occupant;
  });
  return {
    dataSource,
    get occupant() {
      return occupant;
    },
    set occupant(next) {
      occupant = next;
    },
  };
}

/** What TypeORM asks while it opens, nothing disturbs. */
const builder: DatabaseSide = {
  isDead: false,
  schedule: () => () => undefined,
  fate: () => ({ openingMs: 0, breaksAt: null, isExecuted: false }),
  step: () => undefined,
  holds: () => undefined,
};
