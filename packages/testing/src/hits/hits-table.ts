import { SeededSql } from './hits-expressions.ts'

export interface HitsOptions {
  readonly rows: number
  readonly seed?: number
}

/** What the queries look for. */
const QUERIED_USER = '435090932899640449'
const QUERIED_REFERER_HASH = '3594120000172545465'
const QUERIED_URL_HASH = '2868770270353813622'
const QUERIED_COUNTER = 62
const NO_REFERER_HASH = '-296158784638538920'

const FIRST_SECOND = 1_372_636_800
const DAYS = 31
/** Rows that are sorted among themselves, as the parts of the original table were. */
const RUN = 500_000

const LATIN = 'ka ro st mi na le to pre do vi go ra shi en ova ck be lu in ti za che ex fo ing er ost tion'.split(' ')
const CYRILLIC = 'ка ро ст ми на ле то пре до ви го ра ши ень ова ск бе лу ин ти жа че ще фо ый ать ост при'.split(' ')
const OTHERS = ['東京', 'été', 'naïve', 'über', 'ñandú', '😀', 'café', '서울', 'ราคา', 'فيلم', 'שלום', 'zażółć']
const ENGINES = [
  'http://yandex.ru',
  'http://www.google.com',
  'http://go.mail.ru',
  'http://vk.com',
  'https://www.odnoklassniki.ru',
  'http://nova.rambler.ru',
  'http://avito.ru',
  'http://irr.ru',
]
const MODELS = [
  'iPad',
  'iPhone',
  'A500',
  'N8-00',
  'iPho',
  'ONE TOUCH 6030A',
  'GT-P7300B',
  '3110000',
  'Galaxy S',
  'GT-I9500',
]
const MORE_MODELS = ['GT', 'LG', 'Nokia', 'HTC', 'SM', 'Fly'].flatMap((maker) =>
  ['A', 'B', 'E', 'I', 'N', 'P'].flatMap((line) => [100, 500, 730, 9100].map((n) => `${maker}-${line}${n}`)),
)

const harmonic = (length: number, power = 1): number[] => Array.from({ length }, (_, i) => 1 / (i + 1) ** power)

type SqlType = 'SMALLINT' | 'INTEGER' | 'BIGINT' | 'VARCHAR' | 'DATE' | 'TIMESTAMP'

/**
 * A SELECT for DuckDB that gives a table like ClickBench's `hits`: its 105 columns, with like types and skew, on which all
 * of its queries find something from a million rows on. The same rows for the same number, seed and DuckDB version.
 *
 * Counters, users, pages, referers and phrases are numbers with few or many rows each; what is said of them (an URL, a
 * title, a region) is a function of the number.
 */
export function hitsSelect({ rows, seed = 42 }: HitsOptions): string {
  const sql = new SeededSql(seed)
  const columns = hitsColumns(sql).map(([name, type, expr]) => `(${expr})::${type} AS "${name}"`)
  return `WITH ${[...stages(sql, rows), ...texts(sql)].join(',\n')}
SELECT ${columns.join(',\n  ')}
FROM hit JOIN page_text USING (page) JOIN page_text AS referring ON referring.page = referring_page
  JOIN referer_text USING (referer) JOIN phrase_text USING (phrase)
ORDER BY i // ${RUN}, counter, day, hash(user_rank), second, i`
}

/** Stage by stage, the numbers that columns are functions of. */
function stages(sql: SeededSql, rows: number): string[] {
  const users = Math.max(100, Math.round(rows * 0.25))
  const phrases = Math.max(50, Math.round(rows * 0.1))
  const referers = Math.max(100, Math.round(rows / 8))
  const pages = Math.max(20, Math.round(rows * 0.03))
  // Three counters have more than a tenth of the rows each.
  const counter = `CASE WHEN ${sql.unit('i', 'counter')} < 0.39
    THEN ${sql.weighted([0, 1, 2], [0.145, 0.13, 0.115], 'i', 'big counter')}
    ELSE 3 + ${sql.rank(6000, 'i', 'counter rank')} END`
  const user = `CASE WHEN i % 150000 = 77 THEN -1 ELSE ${sql.rank(users, 'i', 'user')} END`
  const chance = (share: number, salt: string): string => sql.chance(share, 'i', salt)
  return [
    `draw AS (SELECT i, ${counter} AS counter_rank, ${user} AS drawn, ${chance(0.8, 'any user')} AS any_user,
      ${sql.below(DAYS, 'i', 'day')} AS day,
      floor((${sql.unit('i', 's1')} + ${sql.unit('i', 's2')} + ${sql.unit('i', 's3')}) / 3 * 86399)::BIGINT AS second,
      ${chance(0.13, 'searched')} AS searched, ${sql.unit('i', 'referer')} AS referer_kind,
      ${sql.rank(phrases, 'i', 'phrase rank')} AS phrase, ${sql.rank(referers, 'i', 'referer rank')} AS engine_rank
      FROM range(${rows}) AS numbers(i))`,
    `visit AS (SELECT *,
      CASE WHEN counter_rank = 1 THEN ${QUERIED_COUNTER} ELSE 63 + ${sql.below(200_000, 'counter_rank', 'counter id')} END AS counter,
      CASE WHEN drawn < 0 THEN -1 WHEN any_user THEN ${sql.below(users, 'i', 'user again')} ELSE drawn END AS user_rank,
      CASE WHEN ${chance(0.08, 'front page')} THEN 0
        ELSE ${sql.rank(`${pages} // (1 + counter_rank // 4) + 3`, 'i', 'page')} END AS page_rank,
      CASE WHEN counter_rank = 1 AND ${chance(0.07, 'queried referer')} THEN 0 ELSE engine_rank END AS referer
      FROM draw)`,
    `hit AS MATERIALIZED (SELECT *, counter_rank * 1000003 + page_rank AS page, ${FIRST_SECOND} + day * 86400 + second AS moment,
      counter_rank * 1000003 + ${sql.rank(`${pages} // (1 + counter_rank // 4) + 3`, 'i', 'from page')} AS referring_page
      FROM visit)`,
  ]
}

/** Texts of pages, referers and phrases, each made once. */
function texts(sql: SeededSql): string[] {
  const counter = '(page // 1000003)'
  const title = `CASE WHEN page % 1000003 > 0 AND ${sql.chance(0.12, 'page', 'no title')} THEN '' ELSE ${words(sql, 'page', 'title', 6)} || ' — ' || ${sql.word(LATIN, counter, 'host')} || CASE WHEN ${sql.chance(0.006, 'page', 'google title')} THEN ' | Google Поиск' ELSE '' END END`
  const referer = `${sql.weighted(ENGINES, [26, 16, 13, 9, 8, 7, 6, 5], 'referer', 'engine')} || '/' || ${sql.word(LATIN, 'referer', 'path')} || '/?text=' || replace(${words(sql, 'referer', 'text', 3)}, ' ', '+') || '&lr=' || ${sql.below(300, 'referer', 'lr')}`
  return [
    `page_text AS MATERIALIZED (SELECT page, ${url(sql, 'page')} AS url, ${title} AS title
      FROM (SELECT page FROM hit UNION SELECT referring_page FROM hit))`,
    `referer_text AS MATERIALIZED (SELECT referer, ${referer} AS referer_url FROM (SELECT DISTINCT referer FROM hit))`,
    `phrase_text AS MATERIALIZED (SELECT phrase, ${words(sql, 'phrase', 'phrase', 5)} AS phrase_words FROM (SELECT DISTINCT phrase FROM hit))`,
  ]
}

function url(sql: SeededSql, page: string): string {
  const site = `(${page} // 1000003)`
  const host = `${sql.oneOf(['http://', 'http://www.', 'https://', 'http://m.'], site, 'scheme')} || ${sql.word(LATIN, site, 'host')} || ${sql.oneOf(['.ru', '.com', '.ua', '.kz', '.net'], site, 'domain')}`
  const section = sql.oneOf(
    [
      '/search/',
      '/catalog/',
      '/news/',
      '/forum/viewtopic.php?t=',
      '/user/',
      '/auto/used/cars/',
      '/item/view/',
      '/real-estate/out-of-town/houses/',
    ],
    page,
    'section',
  )
  const name = `${sql.word(LATIN, page, 'name')} || '/' || ${sql.word(LATIN, page, 'rest')} || '-' || ${sql.below(10_000_000, page, 'number')}`
  const query = sql.oneOf(
    [
      '?page=1&sort=price&order=asc',
      '?utm_source=yandex&utm_medium=cpc&utm_campaign=',
      '#comments',
      '?from=mainpage&lang=ru&state=19945206',
    ],
    page,
    'query',
  )
  const google = sql.oneOf(['?ref=google', '&src=www.google.ru/search', '#q=googlemaps'], page, 'google')
  return `${host} || ${section} || ${name} || CASE WHEN ${sql.chance(0.35, page, 'has query')} THEN ${query} ELSE '' END || CASE WHEN ${sql.chance(0.0035, page, 'has google')} THEN ${google} ELSE '' END`
}

function words(sql: SeededSql, key: string, salt: string, most: number): string {
  const one = (n: number): string => {
    const number = `(${sql.rank(20_000, key, `${salt} word ${n}`)})`
    return `CASE WHEN ${number} % 3 = 2 THEN ${sql.word(LATIN, number, 'word')} WHEN ${number} % 97 = 0 THEN ${sql.oneOf(OTHERS, number, 'other')} ELSE ${sql.word(CYRILLIC, number, 'word')} END`
  }
  const more = Array.from(
    { length: most - 1 },
    (_, n) => `CASE WHEN ${sql.below(most, key, `${salt} length`)} > ${n} THEN ' ' || ${one(n + 1)} ELSE '' END`,
  )
  return [one(0), ...more].join(' || ')
}

/** Name, type and expression of each column, in the order of the original. */
function hitsColumns(sql: SeededSql): [name: string, type: SqlType, expr: string][] {
  const chance = (share: number, salt: string): string => sql.chance(share, 'i', salt)
  const sparse = (
    share: number,
    values: readonly (number | string)[],
    salt: string,
    otherwise: number | string = 0,
  ): string => {
    const empty = typeof otherwise === 'string' ? `'${otherwise}'` : String(otherwise)
    return `CASE WHEN ${chance(share, salt)} THEN ${sql.oneOf(values, 'i', `${salt} value`)} ELSE ${empty} END`
  }
  const ofUser = (values: readonly (number | string)[], weights: readonly number[], salt: string): string =>
    sql.weighted(values, weights, 'user_rank', salt)
  const ofRow = (values: readonly (number | string)[], weights: readonly number[], salt: string): string =>
    sql.weighted(values, weights, 'i', salt)
  const timing = (most: number, salt: string): string =>
    `CASE WHEN ${chance(0.3, salt)} THEN floor(${most} * pow(${sql.unit('i', `${salt} time`)}, 5)) ELSE -1 END`
  const positive = (key: string, salt: string): string => `(${sql.bits(key, salt)} >> 1)`
  const ip = (user: string): string => `((${sql.bits(`${user} // 2`, 'address')} >> 32)::BIGINT - 2147483648)`
  const time = (shift: string): string => `make_timestamp((moment + ${shift}) * 1000000)`
  const userId = `CASE WHEN user_rank < 0 THEN ${QUERIED_USER} ELSE ${positive('user_rank', 'user id')} END`
  const region = `CASE WHEN ${sql.chance(0.6, 'user_rank', 'big region')} THEN ${ofUser([229, 2, 208, 169, 184, 158, 34, 55, 107, 42], harmonic(10), 'region')} ELSE 1 + ${sql.rank(9000, 'user_rank', 'region rank')} * 13 END`
  const urlHash = (page: string): string =>
    `CASE WHEN ${page} = 1000003 THEN ${QUERIED_URL_HASH} ELSE ${positive(page, 'url')} END`
  const fromEngine = 'referer_kind < 0.55'
  const noReferer = 'referer_kind > 0.81'
  const model = `CASE WHEN ${sql.chance(0.06, 'user_rank', 'mobile')} THEN ${ofUser([...MODELS, ...MORE_MODELS], harmonic(MODELS.length + MORE_MODELS.length, 1.3), 'model')} ELSE '' END`
  const isMobile = sql.chance(0.06, 'user_rank', 'mobile')
  const bigPage = 'hit.page = 1000003'
  const widths = ofRow([1007, 1261, 1345, 1583, 1828, 1903, -1, 319], [20, 20, 20, 15, 10, 8, 4, 3], 'client width')
  const heights = ofRow([650, 513, 887, 623, 732, 928, -1, 480], [20, 20, 20, 15, 10, 8, 4, 3], 'client height')
  const trafficSource = `CASE WHEN searched THEN 2 ELSE ${ofRow([-1, 0, 1, 3, 4, 5, 6, 7, 8, 9], [22, 30, 20, 6, 3, 3, 10, 3, 2, 1], 'source')} END`
  const searchEngine = `CASE WHEN searched THEN ${ofRow([2, 3, 13, 4, 1, 5, 90, 34], [58, 20, 8, 5, 4, 2, 2, 1], 'search engine')} ELSE 0 END`
  const advertiser = ofRow(
    [2, 27, 13, 45, 44, 3, 62, 52, 50, 28, 53, 25, 61, 21, 42, 16, 7],
    harmonic(17, 1.6),
    'advertiser',
  )
  return [
    ['WatchID', 'BIGINT', `4611686018427387904 + (${sql.bits('i', 'watch')} >> 2)::BIGINT`],
    ['JavaEnable', 'SMALLINT', chance(0.7, 'java')],
    ['Title', 'VARCHAR', 'page_text.title'],
    ['GoodEvent', 'SMALLINT', '1'],
    ['EventTime', 'TIMESTAMP', time('0')],
    ['EventDate', 'DATE', `(DATE '2013-07-01' + day::INTEGER)`],
    ['CounterID', 'INTEGER', 'counter'],
    ['ClientIP', 'INTEGER', ip('user_rank')],
    ['RegionID', 'INTEGER', region],
    ['UserID', 'BIGINT', userId],
    ['CounterClass', 'SMALLINT', 'counter_rank % 3 - 1'],
    [
      'OS',
      'SMALLINT',
      ofUser([44, 2, 3, 107, 19, 4, 59, 0, 35, 42, 90, 101], [33, 20, 13, 10, 8, 5, 4, 2, 2, 1, 1, 1], 'os'),
    ],
    [
      'UserAgent',
      'SMALLINT',
      ofUser([3, 2, 5, 82, 7, 4, 1, 44, 52, 60, 0, 50], [30, 18, 14, 12, 8, 6, 4, 3, 2, 1, 1, 1], 'agent'),
    ],
    ['URL', 'VARCHAR', 'page_text.url'],
    ['Referer', 'VARCHAR', `CASE WHEN ${noReferer} THEN '' WHEN ${fromEngine} THEN referer_url ELSE referring.url END`],
    ['IsRefresh', 'SMALLINT', chance(0.13, 'refresh')],
    ['RefererCategoryID', 'SMALLINT', `CASE WHEN ${noReferer} THEN 0 ELSE referer % 12000 END`],
    ['RefererRegionID', 'INTEGER', `CASE WHEN ${noReferer} THEN 0 ELSE ${region} END`],
    ['URLCategoryID', 'SMALLINT', 'counter_rank % 14000'],
    ['URLRegionID', 'INTEGER', '(counter_rank * 31) % 2000'],
    [
      'ResolutionWidth',
      'SMALLINT',
      ofUser(
        [1638, 1368, 1087, 1594, 1996, 1917, 1750, 1513, 0, 360, 768],
        [20, 18, 15, 10, 9, 8, 6, 5, 4, 3, 2],
        'width',
      ),
    ],
    [
      'ResolutionHeight',
      'SMALLINT',
      ofUser([942, 658, 935, 1064, 886, 768, 0, 592], [25, 20, 15, 13, 10, 8, 5, 4], 'height'),
    ],
    ['ResolutionDepth', 'SMALLINT', ofRow([37, 24, 32, 0], [70, 10, 15, 5], 'depth')],
    ['FlashMajor', 'SMALLINT', ofRow([15, 13, 11, 10, 0], [60, 15, 10, 5, 10], 'flash')],
    ['FlashMinor', 'SMALLINT', ofRow([7, 0, 1, 8], [60, 20, 10, 10], 'flash minor')],
    ['FlashMinor2', 'VARCHAR', ofRow(['700', '', '800', '223.0', 'D?'], [50, 30, 10, 5, 5], 'flash minor 2')],
    ['NetMajor', 'SMALLINT', sparse(0.2, [2, 3, 4], 'net')],
    ['NetMinor', 'SMALLINT', sparse(0.1, [0, 5], 'net minor')],
    ['UserAgentMajor', 'SMALLINT', `5 + ${sql.rank(35, 'i', 'agent major')}`],
    ['UserAgentMinor', 'VARCHAR', ofRow(['D\u0ec0', '0', '1', '5', 'x', '11'], [40, 25, 15, 10, 5, 5], 'agent minor')],
    ['CookieEnable', 'SMALLINT', chance(0.98, 'cookie')],
    ['JavascriptEnable', 'SMALLINT', chance(0.97, 'javascript')],
    ['IsMobile', 'SMALLINT', isMobile],
    ['MobilePhone', 'SMALLINT', `CASE WHEN ${isMobile} THEN 1 + ${sql.rank(90, 'user_rank', 'phone')} ELSE 0 END`],
    ['MobilePhoneModel', 'VARCHAR', model],
    ['Params', 'VARCHAR', `''`],
    ['IPNetworkID', 'INTEGER', sql.below(4_000_000, 'user_rank', 'network')],
    ['TraficSourceID', 'SMALLINT', trafficSource],
    ['SearchEngineID', 'SMALLINT', searchEngine],
    ['SearchPhrase', 'VARCHAR', `CASE WHEN searched THEN phrase_words ELSE '' END`],
    ['AdvEngineID', 'SMALLINT', `CASE WHEN ${chance(0.0065, 'advertised')} THEN ${advertiser} ELSE 0 END`],
    ['IsArtifical', 'SMALLINT', chance(0.05, 'artificial')],
    [
      'WindowClientWidth',
      'SMALLINT',
      `CASE WHEN ${bigPage} THEN 600 + ${sql.below(1400, 'i', 'wide')} ELSE ${widths} END`,
    ],
    [
      'WindowClientHeight',
      'SMALLINT',
      `CASE WHEN ${bigPage} THEN 400 + ${sql.below(700, 'i', 'high')} ELSE ${heights} END`,
    ],
    ['ClientTimeZone', 'SMALLINT', ofRow([135, 120, 180, -1], [60, 20, 15, 5], 'zone')],
    ['ClientEventTime', 'TIMESTAMP', time(`${sql.below(7200, 'i', 'clock')} - 3600`)],
    ['SilverlightVersion1', 'SMALLINT', sparse(0.4, [4, 5], 'silverlight')],
    ['SilverlightVersion2', 'SMALLINT', sparse(0.4, [0, 1], 'silverlight 2')],
    ['SilverlightVersion3', 'INTEGER', sparse(0.4, [50401], 'silverlight 3')],
    ['SilverlightVersion4', 'SMALLINT', '0'],
    [
      'PageCharset',
      'VARCHAR',
      ofRow(['utf-8;charset', 'windows-1251;charset', '', 'koi8-r'], [70, 20, 8, 2], 'charset'),
    ],
    ['CodeVersion', 'INTEGER', ofRow([1601, 1605, 291, 105], [50, 30, 15, 5], 'code')],
    ['IsLink', 'SMALLINT', chance(0.035, 'link')],
    ['IsDownload', 'SMALLINT', chance(0.002, 'download')],
    ['IsNotBounce', 'SMALLINT', chance(0.3, 'bounce')],
    ['FUniqID', 'BIGINT', `CASE WHEN ${chance(0.7, 'unique')} THEN ${positive('user_rank', 'unique id')} ELSE 0 END`],
    ['OriginalURL', 'VARCHAR', `CASE WHEN ${chance(0.12, 'original')} THEN page_text.url ELSE '' END`],
    ['HID', 'INTEGER', sql.below(1_073_741_824, 'i', 'hid')],
    ['IsOldCounter', 'SMALLINT', '0'],
    ['IsEvent', 'SMALLINT', '0'],
    ['IsParameter', 'SMALLINT', '0'],
    ['DontCountHits', 'SMALLINT', chance(0.05, 'do not count')],
    ['WithHash', 'SMALLINT', chance(0.02, 'with hash')],
    ['HitColor', 'VARCHAR', ofRow(['5', 'S', 'T', 'D'], [80, 10, 8, 2], 'color')],
    ['LocalEventTime', 'TIMESTAMP', time('14400')],
    ['Age', 'SMALLINT', ofUser([0, 16, 22, 25, 31, 39, 50, 55], [45, 5, 10, 10, 10, 10, 5, 5], 'age')],
    ['Sex', 'SMALLINT', ofUser([0, 1, 2], [50, 25, 25], 'sex')],
    ['Income', 'SMALLINT', ofUser([0, 1, 2, 3], [45, 25, 20, 10], 'income')],
    ['Interests', 'SMALLINT', sql.below(32_000, 'user_rank', 'interests')],
    ['Robotness', 'SMALLINT', sparse(0.02, [1, 9, 21], 'robot')],
    ['RemoteIP', 'INTEGER', ip('(user_rank * 31)')],
    [
      'WindowName',
      'INTEGER',
      `CASE WHEN ${chance(0.3, 'window')} THEN ${sql.below(9000, 'i', 'window name')} ELSE -1 END`,
    ],
    [
      'OpenerName',
      'INTEGER',
      `CASE WHEN ${chance(0.1, 'opener')} THEN ${sql.below(9000, 'i', 'opener name')} ELSE -1 END`,
    ],
    ['HistoryLength', 'SMALLINT', `${sql.rank(51, 'i', 'history')} - 1`],
    ['BrowserLanguage', 'VARCHAR', ofRow(['S\u0ec0', 'ru', 'en', 'uk', 'tr'], [60, 20, 10, 6, 4], 'language')],
    ['BrowserCountry', 'VARCHAR', ofRow(['\nr', 'RU', 'US', ''], [60, 25, 10, 5], 'country')],
    ['SocialNetwork', 'VARCHAR', sparse(0.005, ['vkontakte', 'twitter'], 'social', '')],
    ['SocialAction', 'VARCHAR', sparse(0.005, ['like', 'share'], 'action', '')],
    ['HTTPError', 'SMALLINT', '0'],
    ['SendTiming', 'INTEGER', timing(30_000, 'send')],
    ['DNSTiming', 'INTEGER', timing(5000, 'dns')],
    ['ConnectTiming', 'INTEGER', timing(8000, 'connect')],
    ['ResponseStartTiming', 'INTEGER', timing(20_000, 'response start')],
    ['ResponseEndTiming', 'INTEGER', timing(30_000, 'response end')],
    ['FetchTiming', 'INTEGER', timing(30_000, 'fetch')],
    ['SocialSourceNetworkID', 'SMALLINT', sparse(0.01, [2, 4, 6], 'social source')],
    ['SocialSourcePage', 'VARCHAR', `CASE WHEN ${chance(0.01, 'social page')} THEN referring.url ELSE '' END`],
    [
      'ParamPrice',
      'BIGINT',
      `CASE WHEN ${chance(0.004, 'has price')} THEN 100 + ${sql.below(9_000_000, 'i', 'price')} ELSE -1 END`,
    ],
    ['ParamOrderID', 'VARCHAR', `''`],
    ['ParamCurrency', 'VARCHAR', sparse(0.01, ['RUB', 'RUB', 'USD'], 'currency', 'NH\u001c')],
    ['ParamCurrencyID', 'SMALLINT', sparse(0.01, [1, 2], 'currency id')],
    ['OpenstatServiceName', 'VARCHAR', sparse(0.01, ['market.yandex.ru', 'direct.yandex.ru'], 'openstat', '')],
    ['OpenstatCampaignID', 'VARCHAR', `''`],
    ['OpenstatAdID', 'VARCHAR', `''`],
    ['OpenstatSourceID', 'VARCHAR', `''`],
    ['UTMSource', 'VARCHAR', sparse(0.06, ['yandex', 'yandex', 'google', 'begun'], 'utm source', '')],
    ['UTMMedium', 'VARCHAR', sparse(0.05, ['cpc', 'cpc', 'cpc', 'email'], 'utm medium', '')],
    [
      'UTMCampaign',
      'VARCHAR',
      `CASE WHEN ${chance(0.04, 'has campaign')} THEN ${sql.word(LATIN, `(${sql.below(3000, 'i', 'campaign')})`, 'campaign')} ELSE '' END`,
    ],
    ['UTMContent', 'VARCHAR', `''`],
    ['UTMTerm', 'VARCHAR', `''`],
    ['FromTag', 'VARCHAR', ofRow(['', 'main', 'left_menu'], [97, 2, 1], 'from tag')],
    ['HasGCLID', 'SMALLINT', chance(0.01, 'gclid')],
    [
      'RefererHash',
      'BIGINT',
      `CASE WHEN ${noReferer} THEN ${NO_REFERER_HASH} WHEN ${fromEngine} THEN CASE WHEN referer = 0 THEN ${QUERIED_REFERER_HASH} ELSE ${positive('referer', 'referer hash')} END ELSE ${urlHash('referring_page')} END`,
    ],
    ['URLHash', 'BIGINT', urlHash('hit.page')],
    ['CLID', 'INTEGER', `CASE WHEN ${chance(0.01, 'has clid')} THEN ${sql.below(2_000_000, 'i', 'clid')} ELSE 0 END`],
  ]
}
