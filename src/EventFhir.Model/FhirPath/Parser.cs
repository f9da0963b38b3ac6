using System.Collections.Immutable;

namespace EventFhir.Model.FhirPath;

/// <summary>Turns tokens into a tree by recursive descent, operators by precedence climbing (FHIRPath N1, 7).</summary>
internal sealed class Parser
{
    /// <summary>Bounds the depth of the tree as well, so that no recursion over it can exhaust the stack.</summary>
    private const int TokensMax = 5_000;
    private const int DepthMax = 128;
    private const int TypePrecedence = 8;
    private readonly List<Token> tokens;
    private int at;
    private int depth;

    private Parser(List<Token> tokens) => this.tokens = tokens;

    private Token Current => tokens[at];

    public static FhirPathNode Parse(string expression)
    {
        if (expression.Length > Limits.ExpressionCharactersMax) throw FhirPathException.Syntax("The expression is too long.", 0);
        var tokens = Lexer.Read(expression);
        if (tokens.Count > TokensMax) throw FhirPathException.Syntax("The expression is too long.", 0);
        var parser = new Parser(tokens);
        var node = parser.Expression(1);
        if (parser.Current.Kind is not TokenKind.End) throw parser.Unexpected("an operator or the end");
        return node;
    }

    private FhirPathNode Expression(int precedenceMin)
    {
        if (++depth > DepthMax) throw FhirPathException.Syntax("The expression is nested too deeply.", Current.Position);
        var left = Unary();
        while (true)
        {
            var position = Current.Position;
            if (TypePrecedence >= precedenceMin && (Current.IsWord("is") || Current.IsWord("as")))
            {
                var test = Take().Text == "is" ? TypeTest.Is : TypeTest.As;
                left = new FhirPathNode.Typed(position, test, left, Type());
            }
            else if (OperatorOf(Current) is ({ } operation, var precedence) && precedence >= precedenceMin)
            {
                Take();
                left = new FhirPathNode.Binary(position, operation, left, Expression(precedence + 1));
            }
            else
            {
                depth--;
                return left;
            }
        }
    }

    private FhirPathNode Unary()
    {
        var position = Current.Position;
        if (Current.Is("+"))
        {
            Take();
            return Guarded(Unary);
        }
        if (!Current.Is("-")) return Postfix();
        Take();
        return new FhirPathNode.Negate(position, Guarded(Unary));
    }

    private FhirPathNode Guarded(Func<FhirPathNode> parse)
    {
        if (++depth > DepthMax) throw FhirPathException.Syntax("The expression is nested too deeply.", Current.Position);
        var node = parse();
        depth--;
        return node;
    }

    private FhirPathNode Postfix()
    {
        var node = Term();
        while (true)
        {
            var position = Current.Position;
            if (Current.Is("."))
            {
                Take();
                node = Current.Kind is TokenKind.Special ? throw Unexpected("a name") : Invocation(node);
            }
            else if (Current.Is("["))
            {
                Take();
                var index = Expression(1);
                Expect("]");
                node = new FhirPathNode.Indexer(position, node, index);
            }
            else return node;
        }
    }

    private FhirPathNode Term()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TokenKind.Literal:
                Take();
                return new FhirPathNode.Literal(token.Position, token.Value);
            case TokenKind.Number:
                Take();
                return new FhirPathNode.Literal(token.Position, WithUnit(token.Value));
            case TokenKind.Variable:
                Take();
                return new FhirPathNode.Variable(token.Position, token.Text);
            case TokenKind.Special:
                Take();
                return token.Text switch
                {
                    "this" => new FhirPathNode.This(token.Position),
                    "index" => new FhirPathNode.Place(token.Position),
                    "total" => new FhirPathNode.Total(token.Position),
                    _ => throw FhirPathException.Syntax("There are only $this, $index and $total.", token.Position),
                };
            case TokenKind.Identifier when token.Text is "true" or "false":
                Take();
                return new FhirPathNode.Literal(token.Position, FhirPathValue.Of(token.Text == "true"));
            case TokenKind.Identifier or TokenKind.Delimited:
                return Invocation(null);
            case TokenKind.Symbol when token.Text == "(":
                Take();
                var inner = Expression(1);
                Expect(")");
                return inner;
            case TokenKind.Symbol when token.Text == "{":
                Take();
                Expect("}");
                return new FhirPathNode.Empty(token.Position);
            default:
                throw Unexpected("a value, a name or an opening parenthesis");
        }
    }

    /// <summary>A number followed by a quoted unit or a calendar word is a quantity.</summary>
    private FhirPathValue WithUnit(FhirPathValue number)
    {
        if (Current is { Kind: TokenKind.Literal, Value.Kind: FhirPathKind.String } quoted)
        {
            Take();
            return FhirPathValue.Of(new FhirPathQuantity(number.Number, quoted.Value.Text, UnitSystem.Ucum));
        }
        if (Current.Kind is not TokenKind.Identifier || !FhirPathQuantity.IsCalendarKeyword(Current.Text)) return number;
        return FhirPathValue.Of(new FhirPathQuantity(number.Number, Take().Text, UnitSystem.Calendar));
    }

    private FhirPathNode Invocation(FhirPathNode? source)
    {
        var name = Name();
        if (!Current.Is("(")) return new FhirPathNode.Member(name.Position, source, name.Text);
        Take();
        var arguments = ImmutableArray.CreateBuilder<FhirPathNode>();
        while (!Current.Is(")"))
        {
            if (arguments.Count > 0) Expect(",");
            arguments.Add(Expression(1));
        }
        Take();
        return new FhirPathNode.Call(name.Position, source, name.Text, arguments.ToImmutable());
    }

    private TypeSpecifier Type()
    {
        var first = Name();
        if (!Current.Is(".")) return new TypeSpecifier(null, first.Text);
        Take();
        return new TypeSpecifier(first.Text, Name().Text);
    }

    private Token Name() => Current.Kind is TokenKind.Identifier or TokenKind.Delimited ? Take() : throw Unexpected("a name");

    private Token Take() => tokens[at++];

    private void Expect(string symbol)
    {
        if (!Current.Is(symbol)) throw Unexpected($"'{symbol}'");
        at++;
    }

    private FhirPathException Unexpected(string wanted) => FhirPathException.Syntax($"Expected {wanted}.", Current.Position);

    private static (FhirPathOperator? Operator, int Precedence) OperatorOf(Token token) => token.Kind switch
    {
        TokenKind.Symbol => token.Text switch
        {
            "*" => (FhirPathOperator.Multiply, 10),
            "/" => (FhirPathOperator.Divide, 10),
            "+" => (FhirPathOperator.Add, 9),
            "-" => (FhirPathOperator.Subtract, 9),
            "&" => (FhirPathOperator.Concatenate, 9),
            "|" => (FhirPathOperator.Union, 7),
            "<" => (FhirPathOperator.Less, 6),
            "<=" => (FhirPathOperator.LessOrEqual, 6),
            ">" => (FhirPathOperator.Greater, 6),
            ">=" => (FhirPathOperator.GreaterOrEqual, 6),
            "=" => (FhirPathOperator.Equal, 5),
            "!=" => (FhirPathOperator.NotEqual, 5),
            "~" => (FhirPathOperator.Equivalent, 5),
            "!~" => (FhirPathOperator.NotEquivalent, 5),
            _ => (null, 0),
        },
        TokenKind.Identifier => token.Text switch
        {
            "div" => (FhirPathOperator.IntegerDivide, 10),
            "mod" => (FhirPathOperator.Modulo, 10),
            "in" => (FhirPathOperator.In, 4),
            "contains" => (FhirPathOperator.Contains, 4),
            "and" => (FhirPathOperator.And, 3),
            "or" => (FhirPathOperator.Or, 2),
            "xor" => (FhirPathOperator.Xor, 2),
            "implies" => (FhirPathOperator.Implies, 1),
            _ => (null, 0),
        },
        _ => (null, 0),
    };
}
