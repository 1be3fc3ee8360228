import { Args, ArgsType, Ctx, Field, Int, Query, Resolver } from 'type-graphql';
import type { AuditEntryView } from '../../operations/auditLog';
import type { GraphqlContext } from '../context';
import { TimeRangeInput } from '../market/marketData.type';
import { readTimeRange } from '../market/timeRange';
import { readCursor } from '../paging/cursor';
import { toConnection, type Connection } from '../paging/page';
import { CursorScalar } from '../scalar/scalars';
import { AuditConnectionType, AuditVerificationType } from './audit.type';

const defaultFirst = 100;
const cursors = { list: 'auditLog', kind: 'sequence' } as const;

@ArgsType()
class AuditLogArgs {
  @Field(() => String, { nullable: true })
  readonly action?: string | null;
  @Field(() => String, { nullable: true })
  readonly actor?: string | null;
  @Field(() => TimeRangeInput, { nullable: true })
  readonly range?: TimeRangeInput | null;
  @Field(() => Int, { nullable: true, defaultValue: defaultFirst })
  readonly first!: number | null;
  @Field(() => CursorScalar, { nullable: true })
  readonly after?: string | null;
}

interface VerificationAnswer {
  readonly ok: boolean;
  readonly checked: number;
  readonly firstBadSeq: string | null;
}

@Resolver()
export class AuditResolver {
  @Query(() => AuditConnectionType, { nullable: true, description: 'The newest first.' })
  async auditLog(
    @Args(() => AuditLogArgs) { action, actor, range, first, after }: AuditLogArgs,
    @Ctx() { services }: GraphqlContext,
  ): Promise<Connection<AuditEntryView>> {
    const size = first ?? defaultFirst;
    const known = after == null ? null : readCursor(cursors, 'after', after).value;
    const filter = {
      action: action ?? null,
      actor: actor ?? null,
      ...readTimeRange(range),
    };
    const { items, hasNextPage } = await services.auditLog.list(filter, { after: known, size });
    const page = { items, hasNextPage, hasPreviousPage: known !== null };
    return toConnection(page, cursors, ({ id, seq }) => ({ id, value: seq }));
  }

  @Query(() => AuditVerificationType, {
    nullable: true,
    description: 'Recomputes the whole chain and compares it with the signed checkpoints of the node that answers.',
  })
  async verifyAuditLog(@Ctx() { services }: GraphqlContext): Promise<VerificationAnswer> {
    const { ok, checked, firstBadSeq } = await services.auditLog.verify();
    return { ok, checked, firstBadSeq: firstBadSeq === null ? null : String(firstBadSeq) };
  }
}
