import { execute, type DocumentNode, type ExecutionArgs, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';

/** Compiling takes as long as some dozens of executions: only what runs on is worth it. */
const executionsBeforeCompiling = 50;

interface Course {
  executions: number;
  /** Null where graphql-jit cannot compile it. */
  compiled: CompiledQuery['query'] | null;
}

/** Executes documents whose fields have no code of their own, one event after the other: by graphql-js, and by graphql-jit where one runs on. */
export class DocumentExecutor {
  readonly #courses = new WeakMap<DocumentNode, Course>();

  constructor(private readonly schema: GraphQLSchema) {}

  /** Throws where the result would have to be waited for. */
  execute(args: Pick<ExecutionArgs, 'document' | 'variableValues' | 'contextValue' | 'rootValue'>): ExecutionResult {
    const course = this.#courseOf(args.document);
    const { compiled } = course;
    course.executions += 1;
    if (course.executions === executionsBeforeCompiling) course.compiled = this.#compile(args.document);
    const quick = compiled?.(args.rootValue, args.contextValue, args.variableValues);
    // Errors are graphql-js's to word: graphql-jit's are of a shape of their own.
    const isGood = quick !== undefined && !('then' in quick) && quick.errors === undefined;
    const result = isGood ? quick : execute({ schema: this.schema, ...args });
    if ('then' in result) throw new Error('a shared document must be executed at once');
    return result;
  }

  #courseOf(document: DocumentNode): Course {
    const known = this.#courses.get(document);
    if (known !== undefined) return known;
    const course: Course = { executions: 0, compiled: null };
    this.#courses.set(document, course);
    return course;
  }

  #compile(document: DocumentNode): Course['compiled'] {
    const compiled = compileQuery(this.schema, document);
    return isCompiledQuery(compiled) ? compiled.query : null;
  }
}
