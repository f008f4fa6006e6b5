import { basename } from 'node:path';
import Handlebars from 'handlebars';
import { Failure } from '../../kit/failure.ts';
import { destinationOf, escapeFor } from './escape.ts';

/** A template ready to be rendered for many clients. */
export type Template = (context: object) => string;

/**
 * Compiles a Handlebars template. Every value is escaped for where it lands (told by the name: page.html.hbs, app.yaml.hbs, site.env.hbs…),
 * an unknown variable is an error wherever it stands, and there is no way round either.
 * @param file names the template in messages and tells the destination.
 * @throws {Failure} on a syntax error, or on `{{{raw}}}`; the template it returns throws a Failure on an unknown variable or a value that can't stand there.
 */
export function compileTemplate(file: string, text: string): Template {
  const destination = destinationOf(basename(file));
  const handlebars = Handlebars.create();
  handlebars.registerHelper('lines', (value: unknown) =>
    String(value)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );
  handlebars.registerHelper('eq', (a: unknown, b: unknown) => a === b);
  handlebars.registerHelper('escape', (value: unknown) => escapeFor(destination, value));
  const render = explained(file, () => {
    const program = handlebars.parse(text);
    new EscapeEverything().accept(program);
    // HTML escaping is Handlebars' own default; ours replaces it for every destination.
    return handlebars.compile(program, { strict: true, noEscape: true });
  });
  return (context) => explained(file, () => render(guard(context), { allowProtoPropertiesByDefault: false }));
}

/** Turns `{{x}}` into `{{escape x}}`, and refuses `{{{x}}}`. */
class EscapeEverything extends Handlebars.Visitor {
  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    const { line, column } = mustache.loc.start;
    if (!mustache.escaped) throw new SyntaxError(`line ${line}, column ${column}: "{{{" and "{{&" would not be escaped: write "{{"`);
    const { path, params, hash, loc } = mustache;
    const isCall = params.length > 0 || hash;
    const inner = isCall ? ({ type: 'SubExpression', path, params, hash, loc } as hbs.AST.SubExpression) : (path as hbs.AST.Expression);
    const helper = { type: 'PathExpression', data: false, depth: 0, parts: ['escape'], original: 'escape', loc } as hbs.AST.PathExpression;
    Object.assign(mustache, { path: helper, params: [inner], hash: undefined });
  }

  override PartialStatement({ loc }: hbs.AST.PartialStatement): void {
    throw new SyntaxError(`line ${loc.start.line}: templates have no partials`);
  }
}

/** Handlebars' strict mode overlooks names given to helpers and to `#if`: an object that refuses unknown names overlooks nothing. */
function guard<T extends object>(value: T): T {
  return new Proxy(value, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (found === undefined && typeof name === 'string' && !(name in target)) throw new RangeError(`there is no variable "${name}"`);
      return typeof found === 'object' && found !== null && !Array.isArray(found) ? guard(found) : found;
    },
  });
}

function explained<T>(file: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    const [why = 'it is no template'] = error instanceof Error ? error.message.split('\n') : [];
    throw new Failure(`Cannot render "${file}": ${why}`, { hint: 'Mend the template, or the setting that it prints', cause: error });
  }
}
