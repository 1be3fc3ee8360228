import { ArgsType, Field, Int } from 'type-graphql';
import { AppError } from '../../errors/appError';
import { limits } from '../../security/limits';
import type { Page, PageRequest } from '../../trading/tradingReader';
import { CursorScalar } from '../scalar/scalars';
import { readCursor, writeCursor, type CursorOf, type Place } from './cursor';

const { defaultPage, maxPage } = limits.list;

@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: `${defaultPage} where neither \`first\` nor \`last\` is given, ${maxPage} at most.`,
  })
  readonly first?: number | null;
  @Field(() => CursorScalar, { nullable: true })
  readonly after?: string | null;
  @Field(() => Int, { nullable: true })
  readonly last?: number | null;
  @Field(() => CursorScalar, { nullable: true })
  readonly before?: string | null;
}

/** What part of a list is asked for. Throws BAD_USER_INPUT. Source: https://relay.dev/graphql/connections.htm */
export function readPage({ first, last, after, before }: PageArgs, of: CursorOf): PageRequest {
  if (first != null && last != null) {
    throw new AppError('BAD_USER_INPUT', { publicMessage: 'Give `first` or `last`, not both.' });
  }
  const isFromEnd = last != null;
  return {
    size: last ?? first ?? defaultPage,
    isFromEnd,
    after: after == null ? null : readCursor(of, 'after', after),
    before: before == null ? null : readCursor(of, 'before', before),
  };
}

export interface PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}

export interface Connection<Item> {
  readonly nodes: readonly Item[];
  readonly edges: readonly { readonly node: Item; readonly cursor: string }[];
  readonly pageInfo: PageInfo;
}

export function toConnection<Item>(
  { items, hasNextPage, hasPreviousPage }: Page<Item>,
  of: CursorOf,
  placeOf: (item: Item) => Place,
): Connection<Item> {
  const edges = items.map((node) => ({ node, cursor: writeCursor(of, placeOf(node)) }));
  const startCursor = edges.at(0)?.cursor ?? null;
  const endCursor = edges.at(-1)?.cursor ?? null;
  return { nodes: items, edges, pageInfo: { hasNextPage, hasPreviousPage, startCursor, endCursor } };
}
