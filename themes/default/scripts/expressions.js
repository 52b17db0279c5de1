/* The expressions of a spec, read and answered on the page: the same grammar, the same rules for
   missing values and for texts that stand for numbers. Nothing is evaluated as a program. */

const LONGEST_FILTER = 2000;
const TOKEN = /\s*(?:(r?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))|((?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)|([\p{L}_][\p{L}\p{N}_]*)|([=!<>]=|[-<>()[\]{},.+*/]))/uiy;
const FAMILIES = ["params", "metrics", "tags", "run"];
const RESERVED = /^(and|or|not|in|is|if|else|for|lambda|None)$/;

/** A param or a tag: a text that may stand for a number. */
const written = (text) => {
  const number = NUMBER.test(text.trim()) ? Number(text) : NaN;
  return { text, number: isFinite(number) ? number : NaN };
};
const isWritten = (value) => value !== null && typeof value === "object";
const isText = (value) => typeof value === "string" || isWritten(value);
const word = (text) => ({ true: true, false: false })[text.trim().toLowerCase()];
const isMissing = (value) => value === null || value === undefined || value !== value;

function number(value) {
  const found = isWritten(value) ? value.number : typeof value === "boolean" ? +value : value;
  return typeof found === "number" && (found === found || !isWritten(value)) ? found : null;
}

function truth(value) {
  if (isWritten(value)) return value.number === value.number ? value.number !== 0 : word(value.text) === true;
  if (typeof value === "string") return word(value) === true;
  return !isMissing(value) && Boolean(value);
}

/** -1, 0 or 1; by number when both are numbers, by text when both are texts, else null. */
function order(left, right) {
  let [a, b] = [left, right];
  if (isText(left) && isText(right)) {
    // long seeds and ids keep all their digits as text
    [a, b] = [left, right].map((v) => (isWritten(v) && abs(v.number) < 2 ** 53 ? v.number : null));
    if (a === null || b === null) [a, b] = [left, right].map((v) => (isWritten(v) ? v.text : v));
  } else {
    const beside = (v, other) =>
      isWritten(v) && typeof other === "boolean" && word(v.text) !== undefined ? +word(v.text) : number(v);
    [a, b] = [beside(left, right), beside(right, left)];
  }
  return a === null || b === null ? null : (a > b) - (a < b);
}

const SIGNS = {
  "==": (s) => s === 0, "!=": (s) => s !== 0, "<": (s) => s < 0, "<=": (s) => s <= 0,
  ">": (s) => s > 0, ">=": (s) => s >= 0,
};

function holds(operator, left, right) {
  if (isMissing(left) || isMissing(right)) return false;
  const sign = order(left, right);
  // two values of different kinds differ, and neither is the smaller
  return sign === null ? operator === "!=" : SIGNS[operator](sign);
}

const SUMS = { "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => (b ? a / b : null) };

/** A function from a row to whether the text holds for it.
    `find(family, name)` yields what reads a value, or throws `{ said, hint }`. */
function parseFilter(text, find) {
  let [at, end, depth] = [0, 0, 0];
  let token = null;
  const fail = (said, hint, place) => {
    throw { at: place === undefined ? at : place, said, hint };
  };
  if (text.length > LONGEST_FILTER) fail(`a filter has at most ${LONGEST_FILTER} characters`);

  function next() {
    const before = token;
    TOKEN.lastIndex = end;
    const found = TOKEN.exec(text);
    if (!found) {
      at = end + text.slice(end).search(/\S|$/);
      if (at < text.length) {
        const sign = text[at];
        fail(
          `${quoted(sign)} was not expected here`,
          { "=": "compare with ==", "&": "write and", "|": "write or", "!": "write not", '"': "the closing quote is missing" }[sign]
        );
      }
      token = null;
      return before;
    }
    end = TOKEN.lastIndex;
    const kind = [1, 2, 3, 4].find((n) => found[n] !== undefined);
    token = { kind, text: found[kind] };
    at = end - token.text.length;
    return before;
  }
  const is = (sign) => token !== null && token.kind > 2 && token.text === sign;
  const take = (sign) => is(sign) && next();
  function need(sign) {
    if (!take(sign)) fail(token ? `expected ${quoted(sign)} here` : `the filter ends before ${quoted(sign)}`);
  }

  function string() {
    const raw = token.text[0] === "r";
    const body = next().text.slice(raw ? 2 : 1, -1);
    const ESCAPES = { n: "\n", t: "\t", r: "\r", b: "\b", "\\": "\\", '"': '"', "'": "'" };
    if (raw) return body;
    return body.replace(/\\(u[\da-f]{4}|x[\da-f]{2}|.)/gi, (whole, code) =>
      code.length > 1 ? String.fromCharCode(parseInt(code.slice(1), 16)) : code in ESCAPES ? ESCAPES[code] : whole
    );
  }

  /** What a part of an expression is, one level further in. */
  function deeper(read) {
    if (++depth > 40) fail("nested too deeply");
    const found = read();
    depth--;
    return found;
  }
  function either() {
    const parts = [deeper(both)];
    while (take("or")) parts.push(deeper(both));
    return parts.length < 2 ? parts[0] : (row) => parts.some((part) => truth(part(row)));
  }
  function both() {
    const parts = [negated()];
    while (take("and")) parts.push(negated());
    return parts.length < 2 ? parts[0] : (row) => parts.every((part) => truth(part(row)));
  }
  function negated() {
    if (!take("not")) return comparison();
    const inner = deeper(negated);
    return (row) => !truth(inner(row));
  }
  function comparison() {
    const first = sum();
    const rest = [];
    for (;;) {
      if (token && token.kind === 4 && token.text in SIGNS) rest.push([next().text, sum()]);
      else if (take("in")) rest.push(["in", list()]);
      else if (is("not")) {
        next();
        need("in");
        rest.push(["not in", list()]);
      } else break;
    }
    if (!rest.length) return first;
    return (row) => {
      let left = first(row);
      return rest.every(([operator, side]) => {
        if (Array.isArray(side)) {
          const found = side.some((item) => holds("==", left, item(row)));
          return !isMissing(left) && found === (operator === "in");
        }
        const right = side(row);
        const good = holds(operator, left, right);
        left = right;
        return good;
      });
    };
  }
  function list() {
    const close = { "[": "]", "(": ")", "{": "}" }[token && token.text];
    if (!close) fail("expected a list [\u2026] right of in", 'as in x in ["a", "b"]');
    next();
    const items = [];
    while (!is(close)) {
      items.push(sum());
      if (!take(",")) break;
    }
    need(close);
    return items;
  }
  const chain = (inner, signs) => () => {
    let left = inner();
    while (token && token.kind === 4 && signs.includes(token.text)) {
      const [a, apply, b] = [left, SUMS[next().text], inner()];
      left = (row) => {
        const [x, y] = [number(a(row)), number(b(row))];
        return x === null || y === null ? null : apply(x, y);
      };
    }
    return left;
  };
  const sum = chain(chain(signed, "*/"), "+-");
  function signed() {
    if (!is("-") && !is("+")) return atom();
    const factor = next().text === "-" ? -1 : 1;
    const inner = deeper(signed);
    return (row) => {
      const value = number(inner(row));
      return value === null ? null : factor * value;
    };
  }
  function atom() {
    if (!token) fail("the filter ends too early");
    if (token.kind === 1) {
      const text = string();
      return () => text;
    }
    if (token.kind === 2) {
      const value = Number(next().text.replace(/_/g, ""));
      return () => value;
    }
    if (take("(")) {
      const inner = either();
      need(")");
      return inner;
    }
    if (token.kind === 4 || RESERVED.test(token.text)) fail(`${quoted(token.text)} was not expected here`);
    const start = at;
    const name = next().text;
    if (/^([Tt]rue|[Ff]alse)$/.test(name)) {
      const value = word(name);
      return () => value;
    }
    return is("(") ? call(name, start) : named(name, start);
  }
  function named(first, start) {
    let [family, name] = [null, first];
    if (is("[") && FAMILIES.includes(first)) {
      next();
      if (!token || token.kind !== 1) fail("expected a name in quotes", 'as in params["lambda"]');
      [family, name] = [first, string()];
      need("]");
    } else {
      while (take(".")) {
        if (!token || token.kind !== 3) fail("expected a name after the dot");
        name += "." + next().text;
      }
    }
    try {
      return find(family, name);
    } catch (problem) {
      if (!problem.said) throw problem;
      return fail(problem.said, problem.hint, start);
    }
  }
  function call(name, start) {
    if (!["has", "contains", "matches"].includes(name)) {
      fail(
        `this page cannot answer ${name}(\u2026)`,
        "it has has(x), contains(x, \"text\") and matches(x, \"regex\"); a declared metric is named without a function",
        start
      );
    }
    next();
    if (!token || token.kind !== 3) fail(`${name} takes a name first`);
    const place = at;
    const inner = named(next().text, place);
    if (name === "has") {
      need(")");
      return (row) => ![null, undefined].includes(inner(row));
    }
    need(",");
    if (!token || token.kind !== 1) fail(`${name} takes a text in quotes`);
    const where = at;
    const part = string();
    need(")");
    let test = (text) => text.includes(part);
    if (name === "matches") {
      const pattern = patternOf(part);
      if (!pattern) fail("this pattern cannot be used here", "use contains, or simple patterns joined by or", where);
      test = (text) => pattern.test(text.slice(0, 1000));
    }
    return (row) => {
      const value = inner(row);
      return !isMissing(value) && test(isWritten(value) ? value.text : String(value));
    };
  }

  next();
  const whole = either();
  if (token) fail(`${quoted(token.text)} was not expected here`, token.kind === 3 ? "join conditions with and, or" : "");
  return (row) => truth(whole(row));
}

/** A pattern that the builder's engine accepts too, and that cannot take for ever. */
function patternOf(text) {
  const plain = text.replace(/\u0008/g, "\\b");
  const repeats = /[*+}]\??[^()]*\)\s*[*+{]|\|[^()]*\)\s*[*+{]/;
  if (text.length > 200 || /\(\?[^:i]|\\[1-9k]/.test(plain) || repeats.test(plain)) return null;
  try {
    const folded = plain.startsWith("(?i)");
    return new RegExp(folded ? plain.slice(4) : plain, folded ? "iu" : "u");
  } catch {
    return null;
  }
}
