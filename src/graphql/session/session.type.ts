import { Field, ObjectType } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import { NodeType } from '../node.type';
import { plainProperties } from '../plainProperties';
import { DateTimeScalar } from '../scalar/scalars';

@ObjectType('Session', { ...plainProperties, implements: NodeType, description: 'A sign-in that has not ended.' })
export class SessionType extends NodeType {
  @Field(() => DateTimeScalar)
  readonly createdAt!: EpochMs | Date;
  @Field(() => DateTimeScalar, { description: 'When it was refreshed last.' })
  readonly lastSeenAt!: EpochMs | Date;
  @Field(() => String, { nullable: true, description: 'Where it was begun or refreshed from last.' })
  readonly ip!: string | null;
  @Field(() => String, { nullable: true, description: 'What the client called itself then.' })
  readonly userAgent!: string | null;
  @Field(() => Boolean, { description: 'True of the session that asks.' })
  readonly current!: boolean;
}
