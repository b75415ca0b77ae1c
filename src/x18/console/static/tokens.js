// What in a text is a $symbol, a #hashtag, a @name or an address: the rules of docs/texts.md, as the server reads them in
// posts/text.py and posts/symbols.py. tests/console/test_tokens.py holds that both find the same.

const raw = String.raw;
const wide = { "＿": "_", "＠": "@", "﹫": "@", "＃": "#", "﹟": "#", "＄": "$", "﹩": "$" };
const WIDE = /[０-９Ａ-Ｚａ-ｚ＿＠﹫＃﹟＄﹩]/g;
const narrow = (text) => text.replace(WIDE, (one) => wide[one] ?? String.fromCharCode(one.charCodeAt(0) - 0xfee0));

let atoms = 0;
/** Taken whole or not at all, so that no text makes a reading slow. */
const atom = (body) => ((atoms += 1), `(?:(?=(?<_${atoms}>${body}))\\k<_${atoms}>)`);
/** In capitals and small letters alike. */
const either = (text) => text.replace(/[A-Z]/g, (one) => `[${one}${one.toLowerCase()}]`);

const SEA = ["Thai", "Laoo", "Mymr", "Khmr", "Tale", "Talu", "Lana", "Tavt", "Ahom"].map((one) => raw`\p{sc=${one}}`).join("");
const UNSPACED = raw`\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Bopo}\p{sc=Hang}\p{sc=Yiii}[[${SEA}]&&[\p{L}\p{M}]]\u3005-\u3007\u3031-\u3035\u303B\u303C\u30FC\uFF70\uFF9E\uFF9F`;
const SELECTORS = raw`\uFE00-\uFE0F\u{E0100}-\u{E01EF}`;
const WORD = raw`[[\p{L}\p{M}\p{N}_]--[${SELECTORS}\u20E3]]`;
const SPACED = raw`[[\p{L}\p{M}\p{Nd}\p{Nl}_]--[${SELECTORS}${UNSPACED}\u20E3]]`;
const KEYCAP = raw`\uFE0F?\u20E3`;
const LABEL = raw`[\p{L}\p{M}\p{N}_\-]`;
const MARK = raw`[\u200E\u200F\u061C]?`;

// Symbols

const QUOTES =
  "USDT|USDC|USDD|USDE|USDP|USD|BUSD|FDUSD|TUSD|PYUSD|RLUSD|GUSD|DAI|EURC|EURT|EURS|EUR|GBP|JPY|CHF|AUD|NZD|CAD|CNY|CNH|HKD|SGD|KRW|INR|" +
  "BRL|MXN|TRY|RUB|UAH|PLN|CZK|HUF|SEK|NOK|DKK|ZAR|THB|IDR|VND|PHP|MYR|TWD|ILS|AED|SAR|NGN|ARS|CLP|COP|PEN|KZT|RON|BTC|XBT|WBTC|ETH|WETH|" +
  "BNB|SOL|XAU|XAG";
const COMMON = "USDT?|USDC|EUR|GBP|JPY|BTC|ETH|BNB";
const CONTRACTS = "PERPETUAL|PERP|SWAP|FUTURES|FUT|SPOT|CASH";
const SHARES = "P?[A-Z]|WS|WT|UN|RT|WI";
const EXCHANGES = "TWO|[A-Z]{1,2}";
const NUMERIC = "T|HK|SS|SZ|SH|BJ|KS|KQ|KR|TWO|TW|JP|KL|SR|BO";
const PLACES =
  "NASDAQ|NYSE(?:ARCA|AMERICAN)?|AMEX|ARCA|CBOE|OTC(?:MKTS|QB|QX)?|CME(?:_MINI)?|CBOT(?:_MINI)?|NYMEX|COMEX|LSE|LON|XETR|ETR|FWB|FRA|TSXV?|" +
  "CSE|CVE|ASX|NSE|BSE|BOM|HKEX|HKG|SSE|SHA|SZSE|SHE|TSE|TYO|KRX|KOSDAQ|SGX|EURONEXT|EPA|AMS|MIL|BME|SIX|OMX[A-Z]*|STO|BIST|MOEX|BMFBOVESPA|" +
  "BVMF|BMV|JSE|TADAWUL|TVC|INDEX(?:SP|DJX|NASDAQ)?|FX(?:_IDC)?|OANDA|FOREXCOM|CAPITALCOM|CRYPTO(?:CAP)?|BINANCE(?:US)?|COINBASE|KRAKEN|" +
  "BITSTAMP|BITFINEX|BYBIT|OKX|KUCOIN|GATEIO|MEXC|BITGET|HTX|GEMINI|DERIBIT|BITMEX|UPBIT|BITHUMB|HYPERLIQUID|DYDX|UNISWAP|[XCIOS]";
const AMOUNTS =
  "BN|MN|MM|MILL?S?|BILL?S?|[MBTR]+ILLIONS?|THOUSANDS?|HUNDREDS?|GRAND|BUCKS?|BUX|DOLLARS?|EUROS?|CENTS?|TN|TRN|PT|TP|SL|AH|PM|AM|[OIA]TM|EPS|YRS?|" +
  `CALLS?|PUTS?|OFF|EACH|PER|IN|TO|BY|FOR|AND|OR|PLUS|ISH|NOW|SOON|NEXT|LOL|[KMBT]?(?:AT[HL]|EO[DWMY]|${QUOTES})`;
const END = raw`(?![A-Za-z0-9]|_[A-Za-z0-9]|[[\p{L}\p{M}\p{Nd}\p{Nl}]--[${UNSPACED}${SELECTORS}]]|${KEYCAP})`;

/** What may join a symbol, in the letters that `as` makes of capitals. */
function suffix(as) {
  const more = as("(?![A-Z0-9])");
  const days = as(raw`[0-9]{6}(?:[0-9]{2})?|[0-9]{1,2}[A-Z]{3}[0-9]{2}(?:[0-9]{2})?|[FGHJKMNQUVXZ][0-9]{1,4}`);
  const contract = () => raw`[\-_](?:${as(CONTRACTS)}|(?:${atom(days)})${atom(as(raw`(?:-[0-9]{1,7}-[CP])?`))})`;
  const option = as(raw`_[0-9]{6}[CP][0-9]{1,7}`) + atom(raw`(?:\.[0-9]{1,2})?`);
  const quoted = raw`[\-\/_](?:${as(QUOTES)}|${either(COMMON)})${more}${atom(`(?:${contract()}${more}){0,2}`)}`;
  const share = raw`[\-\/.](?:${as(SHARES)})${more}${atom(raw`(?:\.(?:${as(EXCHANGES)})${more})?`)}`;
  return `${quoted}|${contract()}|${option}|${share}|${raw`\.`}(?:${as(EXCHANGES)})|${as("_[A-Z]{1,2}|=[FX]")}`;
}

const number = raw`(?!\p{Nd}+(?:${AMOUNTS})${END})\p{Nd}{1,8}[A-Z]{2}${atom("[A-Z0-9]{0,12}")}`;
const capitals = raw`(?:[\^.](?=[A-Z]{2}))?(?:${atom("[A-Za-z][A-Za-z0-9]{0,14}")}|${number})${atom(`(?:(?:${suffix((text) => text)})${END})?`)}`;
const small = `${atom("[a-z][a-z0-9]{0,14}")}(?:${suffix((text) => text.toLowerCase())})${END}`;
const listed = raw`(?:\p{Nd}{3,6}[A-Za-z]?|\p{Nd}[0-9A-Za-z]\p{Nd}[0-9A-Za-z])\.(?:${either(NUMERIC)})|\p{Nd}{1,2}\.${either("HK")}`;
const named = raw`${atom("[A-Za-z]{1,8}")}&${atom("[A-Za-z]{1,10}")}\.(?:${either("NS|BO")})`;
const symbol = raw`(?:${listed}|${named}|[A-Z]{1,6}\p{Nd}{6}[CP]\p{Nd}{8}|${small}|${capitals}|\p{Nd}[A-Z][_=]F)${END}`;

// Texts

const inside = raw`[\u200C\u200D\u00B7\u30FB\uFF65\u05BE\uFF5E\u301C\u30A0\u0F0B\u0F0C]`;
const after = raw`[\u05F3\u05F4\u3003]`;
const ATOM = raw`[[A-Za-z0-9\-._~:\/?#@!$\&'*+,;=%\p{L}\p{M}\p{N}\p{Pd}]--[${UNSPACED}${SELECTORS}]]`;
const parts = () =>
  atom(raw`(?:${ATOM}|\|+(?=[A-Za-z0-9])|\((?:${ATOM}|\(${ATOM}*\))*\)|\[${ATOM}*\])*`);
const ending = raw`(?:[A-Za-z]${atom(raw`[A-Za-z0-9\-]+`)}|${atom(raw`[[\p{L}]--[${UNSPACED}]]{2,63}`)})`;
const domain =
  raw`(?:(?<!${LABEL}|[.@$#])${atom(`${LABEL}+`)}|(?<!${SPACED}|[.@$#\-])${SPACED}${atom(raw`[[${SPACED}\-]--[${UNSPACED}]]*`)})` +
  raw`\.${atom(raw`(?:${LABEL}{1,63}\.){0,8}`)}${ending}${atom(raw`(?::\p{Nd}{1,5})?`)}(?=[\/?])`;
const host = raw`(?:${atom(raw`[A-Za-z0-9.\-_~%]+`)}(?<=\.[A-Za-z]{2,24})(?=[${UNSPACED}])|${atom(raw`[\p{L}\p{M}\p{N}.\-_~%]*`)})`;
const address = raw`(?<!${SPACED})[A-Za-z]${atom(raw`[A-Za-z0-9+.\-]{1,30}`)}:\/\/${host}${parts()}|${domain}${parts()}`;
const mention = raw`(?:(?<!${SPACED}|[!#$%\&*@\/])|(?<=(?<!${SPACED})(?:[Rr][Tt]|[WwCc]\/))|(?<=@[A-Za-z0-9_]{3,50}\/))@${MARK}(?<mention>[A-Za-z0-9_]{3,50})(?!@|:\/\/|${SPACED}|${KEYCAP})`;
const hashtag = raw`(?<![${WORD}--\p{No}]|[\&#])#${MARK}(?<hashtag>${atom(`${WORD}+(?:${inside}{1,2}${WORD}+|${after}+${WORD}*)*`)})(?!:\/\/)`;
const cashtag = raw`(?<!${SPACED}|\$)\$${MARK}(?:(?:${PLACES}):)?(?<cashtag>${symbol})`;
const TOKEN = new RegExp(`${mention}|${hashtag}|${cashtag}|${address}`, "gv");

// A bare name of a host holds nothing that counts, so the server need not see it. It is a link where its ending is a common one.
const ENDINGS = "com|org|net|edu|gov|io|co|ai|app|dev|info|xyz|finance|exchange|news|eu|uk|de|fr|ch|nl|es|pl|jp|cn|hk|br|ca|au|ru";
const BARE = new RegExp(
  raw`(?<!${LABEL}|[.@$#\/])(?:[Ww]{3}\.(?:${LABEL}+\.)*${LABEL}{2,}|(?:${LABEL}+\.)+(?:${ENDINGS}))(?::\d{1,5})?(?!${LABEL}|@|\.${LABEL})`,
  "gv",
);
const WITH_PATH = /^(?:[Ww]{3}\.|[^/?]*\.[a-z]{2,24}(?::\d+)?[/?])/;
const MOST_IN_TAG = 100;

/** The pieces of a text: strings, and {kind, value, text}. */
export function* pieces(text) {
  let end = 0;
  for (const { index, 0: whole, groups } of narrow(text).matchAll(TOKEN)) {
    yield* hosts(text.slice(end, index));
    end = index + whole.length;
    yield* read(text.slice(index, end), groups);
  }
  yield* hosts(text.slice(end));
}

function* read(text, { mention, hashtag, cashtag }) {
  if (mention) yield { kind: "user", value: mention, text };
  else if (cashtag) yield { kind: "symbol", value: cashtag.toUpperCase(), text };
  else if (!hashtag) yield* link(text);
  else if ([...hashtag].length > MOST_IN_TAG || !/\p{L}/u.test(hashtag)) yield text;
  else yield { kind: "tag", value: hashtag.toLowerCase(), text };
}

/** An address without the signs of the sentence around it; only such as a browser opens. */
function* link(text) {
  const shown = text.replace(/[.,;:!?'*]+$/, "");
  const isWhole = /^https?:\/\//i.test(shown);
  const href = isWhole ? shown : `https://${shown}`;
  if ((isWhole || WITH_PATH.test(text)) && URL.canParse(href)) {
    yield { kind: "link", value: href, text: shown };
    text = text.slice(shown.length);
  }
  if (text) yield text;
}

function* hosts(text) {
  let end = 0;
  for (const { index, 0: whole } of text.matchAll(BARE)) {
    if (index > end) yield text.slice(end, index);
    yield { kind: "link", value: `https://${whole}`, text: whole };
    end = index + whole.length;
  }
  if (end < text.length) yield text.slice(end);
}
