import { Field, Int, ObjectType } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import type { AuditEntryView } from '../../operations/auditLog';
import { NodeType } from '../node.type';
import type { Connection, PageInfo } from '../paging/page';
import { PageInfoType } from '../paging/pageInfo.type';
import { plainProperties } from '../plainProperties';
import { CursorScalar, DateTimeScalar, SequenceScalar } from '../scalar/scalars';

@ObjectType('AuditEntry', { ...plainProperties, implements: NodeType })
export class AuditEntryType extends NodeType {
  @Field(() => SequenceScalar, { description: 'Its place in the chain, from 1 without a hole.' })
  readonly seq!: string;
  @Field(() => DateTimeScalar)
  readonly at!: EpochMs;
  @Field(() => String, { description: 'A user, an API key, or the part of the service that did it.' })
  readonly actor!: string;
  @Field(() => String)
  readonly action!: string;
  @Field(() => String, { nullable: true })
  readonly target!: string | null;
  @Field(() => String)
  readonly outcome!: string;
  @Field(() => String, { nullable: true })
  readonly ip!: string | null;
  @Field(() => String, { description: 'HMAC-SHA256 over `prevHash` and the entry, in hex; docs/AUDIT.md.' })
  readonly hash!: string;
  @Field(() => String)
  readonly prevHash!: string;
}

@ObjectType('AuditEdge', plainProperties)
export class AuditEdgeType {
  @Field(() => AuditEntryType)
  readonly node!: AuditEntryView;
  @Field(() => CursorScalar)
  readonly cursor!: string;
}

@ObjectType('AuditConnection', plainProperties)
export class AuditConnectionType {
  @Field(() => [AuditEdgeType])
  readonly edges!: Connection<AuditEntryView>['edges'];
  @Field(() => [AuditEntryType])
  readonly nodes!: readonly AuditEntryView[];
  @Field(() => PageInfoType)
  readonly pageInfo!: PageInfo;
}

@ObjectType('AuditVerification', plainProperties)
export class AuditVerificationType {
  @Field(() => Boolean, {
    description: 'Whether the log is whole, from its first entry to the last that was signed for.',
  })
  readonly ok!: boolean;
  @Field(() => Int, { description: 'Entries found good, up to the first that is not.' })
  readonly checked!: number;
  @Field(() => SequenceScalar, { nullable: true })
  readonly firstBadSeq!: string | null;
}
