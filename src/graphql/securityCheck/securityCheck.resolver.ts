import { Ctx, Query, Resolver } from 'type-graphql';
import type { SecurityCheck } from '../../operations/doctor/doctor';
import type { GraphqlContext } from '../context';
import { CheckType } from './securityCheck.type';

@Resolver()
export class SecurityCheckResolver {
  @Query(() => [CheckType], {
    nullable: true,
    description: 'Every box of both security checklists, looked at now, on the node that answers. As `npm run doctor`.',
  })
  async securityChecks(@Ctx() { services }: GraphqlContext): Promise<readonly SecurityCheck[]> {
    return (await services.doctor.report()).checks;
  }
}
