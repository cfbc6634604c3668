-- One expression a line, evaluated by Millrace and by Spark over `rows` below; docs/differences.md lists what may differ.
-- A line `--- ZONE` sets the session time zone for the lines after it.
-- Columns: i INT, b BIGINT, s STRING, d DOUBLE, f FLOAT, n DECIMAL(10,2), t TIMESTAMP, day DATE, flag BOOLEAN,
-- list ARRAY<INT>, m MAP<STRING,INT>, st STRUCT<a: INT, b: STRING>
--- UTC
-- names of columns
i
i + 1
-i
- i
i + b * 2
(i + b) * 2
i - -1
i = 1 AND flag OR NOT flag
NOT flag
i IS NULL
i IS NOT NULL
i <=> NULL
i IN (1, 2, NULL)
i NOT IN (1, 2)
i BETWEEN 1 AND 3
i NOT BETWEEN 1 AND 3
s LIKE 'a%'
s NOT LIKE 'a%'
s RLIKE '^a'
s || 'x' || i
CASE WHEN i > 1 THEN 'big' ELSE 'small' END
CASE i WHEN 1 THEN 'one' WHEN 2 THEN 'two' END
CAST(i AS STRING)
i::double
try_cast(s AS INT)
st.a
st.b
list[0]
m['a']
st
upper(s)
substring(s, 1, 2)
coalesce(s, 'none')
if(i > 1, s, NULL)
nvl(s, 'x')
interval '1' day
cast(interval '1-2' year to month as string)
date'2024-02-29'
timestamp'2024-02-29 12:34:56.789'
X'1F2e'
'it''s'
"double"
NULL
true
1.50
1e3
1.5D
1L
1S
1Y
i AS `with space`
i AS `tick``ed`
struct(i, s)
named_struct('x', i, 'y', s)
array(i, i + 1)
map('k', i)
date_trunc('hour', t)
extract(YEAR FROM day)
cast(d as decimal(10,3))
-- arithmetic
i + 2147483647
i * 2147483647
b + 9223372036854775807
b * 4
-(-2147483648)
-(-9223372036854775807 - 1)
abs(-2147483648)
2147483647 + 1
2147483647 + 1L
127Y + 1Y
32767S * 2S
cast(-128 as tinyint) * -1Y
i / 0
i % 0
i div 0
d / 0
7 / 2
-7 / 2
-7 % 3
7 % -3
pmod(-7, 3)
pmod(7, -3)
-7 div 2
5.5 % 2
d % 2
1.0 / 3
1.10 + 2.2
1.1 * 1.1
n * n
n / 3
n + 0.005
n - i
cast('99999999.99' as decimal(10,2)) + n
99999999999999999999999999999999999999 + 1
99999999999999999999999999999999999999 * 10
123456789012345678901234567890.12345678 * 1.5
0.1 + 0.2
0.1D + 0.2D
f + 0.1
f * 2
1e308 * 10
-0.0D
0.0D = -0.0D
cast('NaN' as double) = cast('NaN' as double)
cast('NaN' as double) > cast('Infinity' as double)
greatest(1, 2.5, 3)
least(d, i)
greatest(NULL, 1)
round(2.5)
round(-2.5)
round(d, 1)
round(1234.567, -2)
round(2.675, 2)
bround(2.5)
bround(3.5)
ceil(-1.5)
floor(-1.5)
ceil(d)
floor(n)
sqrt(-1)
ln(0)
log10(100)
log(2, 8)
exp(1)
power(2, 10)
power(0, 0)
sign(-3.5)
mod(-7, 3)
hypot(3, 4)
atan2(1, 1)
degrees(pi())
e()
1 & 3
1 | 6
5 ^ 1
~5
shiftleft(1, 33)
1 << 3
-8 >> 1
-8 >>> 28
try_add(2147483647, 1)
try_divide(1, 0)
try_multiply(9223372036854775807, 2)
hex('abc')
-- casts
cast('1' as int)
cast(' 1 ' as int)
cast('1.5' as int)
cast('abc' as int)
cast('' as int)
cast('2147483648' as int)
cast('9223372036854775808' as bigint)
cast('+7' as int)
cast('1e3' as int)
cast('1e3' as double)
cast('1d' as double)
cast('NaN' as double)
cast('inf' as double)
cast('-Infinity' as float)
cast('0x10' as int)
cast('true' as boolean)
cast('t' as boolean)
cast('yes' as boolean)
cast('maybe' as boolean)
cast(2 as boolean)
cast(0.0D as boolean)
cast(true as int)
cast(3.99D as int)
cast(-3.99D as int)
cast(1e20D as bigint)
cast('NaN' as double)::int
cast(300 as tinyint)
cast(3000000000 as int)
cast(1.005 as decimal(10,2))
cast(123.456 as decimal(4,2))
cast('123.456' as decimal(6,2))
cast('x' as decimal(6,2))
cast(d as decimal(5,1))
cast(1e10D as string)
cast(1e7D as string)
cast(1e-3D as string)
cast(1e-4D as string)
cast(123456.789D as string)
cast(1.0E21D as string)
cast(cast(0.1 as float) as string)
cast(cast(0.1 as float) as double)
cast(16777217 as float)
cast(100.0BD as string)
cast(0.0000001BD as string)
cast('2024-02-30' as date)
cast('2024-02-29' as date)
cast('2024-2-9' as date)
cast('2024' as date)
cast('2024-02' as date)
cast(' 2024-02-09 ' as date)
cast('2024-02-09T10' as date)
cast('0001-01-01' as date)
cast('9999-12-31' as date)
cast('2024-02-29 12:34' as timestamp)
cast('2024-02-29T12:34:56.1234567' as timestamp)
cast('2024-02-29 12:34:56+02:00' as timestamp)
cast('2024-02-29 12:34:56 Europe/Berlin' as timestamp)
cast('2024-02-29T12:34:56Z' as timestamp)
cast('2024-02-29 25:00:00' as timestamp)
cast('12:34' as timestamp)
cast('2024-02-29 12:34:56' as timestamp_ntz)
cast(0 as timestamp)
cast(1.5D as timestamp)
cast(t as bigint)
cast(t as double)
cast(t as date)
cast(day as timestamp)
cast(t as string)
cast(day as string)
cast(true as string)
cast(X'616263' as string)
cast('abc' as binary)
cast(list as string)
cast(m as string)
cast(st as string)
cast(array(1, NULL, 3) as string)
cast(struct(1, NULL, 'x') as string)
cast(map('a', NULL) as string)
cast(list as array<string>)
cast(st as struct<x: string, y: string>)
cast('1' as interval day)
cast(interval '1 02:03:04.5' day to second as string)
cast(interval '1-2' year to month as string)
cast(i as date)
cast(list as int)
cast(day as int)
-- strings
length(s)
length('日本語')
length('😀')
char_length('a b')
octet_length('é')
upper('straße')
lower('ÀÉ')
initcap('hello big world')
trim('  a b  ')
ltrim('  a')
rtrim('a  ')
trim(BOTH 'x' FROM 'xxaxx')
btrim('xxaxx', 'x')
lpad('hi', 5, '?!')
rpad('hi', 1, '?')
repeat('ab', 3)
repeat('ab', -1)
reverse('abc')
concat('a', NULL)
concat_ws(',', 'a', NULL, 'b')
concat('a', 1, true)
substring('hello', 0, 2)
substring('hello', -3, 2)
substring('hello', 2)
substring('😀bc', 2, 1)
left('hello', 2)
right('hello', 2)
instr('hello', 'l')
locate('l', 'hello', 4)
position('l' IN 'hello')
split('a,b,,c,', ',')
split('a,b,c', ',', 2)
split('', ',')
split('abc', '')
split_part('a.b.c', '.', 2)
split_part('a.b.c', '.', -1)
split_part('a.b.c', '.', 0)
replace('aaa', 'a', 'b')
translate('abc', 'ab', 'x')
regexp_extract('100-200', '(\\d+)-(\\d+)', 2)
regexp_extract('abc', '(\\d+)', 1)
regexp_extract('abc', '(\\d+)', 2)
regexp_replace('a1b22', '[0-9]+', '#')
regexp_replace('abc', '(b)', '<$1>')
regexp_like('abc', 'b.')
'a.c' LIKE 'a_c'
'a%c' LIKE 'a\\%c'
'ABC' ILIKE 'a%'
'a\nb' LIKE 'a%b'
ascii('a')
hash(i, s)
xxhash64(i, s)
hash(NULL)
hash(1.5D, 'a', true, 1L, date'2020-01-01')
startswith('abc', 'ab')
endswith('abc', 'bc')
contains('abc', 'd')
'a' < 'B'
'a' = 'a '
'10' = 10
'abc' > 1
s = i
-- dates and times
year(day)
month(t)
dayofmonth(day)
dayofweek(day)
weekday(day)
dayofyear(day)
weekofyear(date'2021-01-01')
quarter(day)
hour(t)
minute(t)
second(t)
last_day(day)
date_add(day, 1)
date_sub(day, 1)
day + 1
day - date'2024-01-01'
t - timestamp'2024-01-01 00:00:00'
t + interval '1' hour
day + interval '1' month
day + interval '1' hour
add_months(date'2024-01-31', 1)
datediff('2024-03-01', '2024-02-01')
trunc(day, 'MM')
trunc(day, 'week')
trunc(day, 'nope')
date_trunc('week', t)
date_trunc('quarter', t)
date_trunc('millisecond', t)
date_trunc('nope', t)
to_date('2024-02-29')
to_date('29/02/2024', 'dd/MM/yyyy')
to_date('31/02/2024', 'dd/MM/yyyy')
to_timestamp('2024-02-29 12:34:56')
to_timestamp('29.02.2024 12h', "dd.MM.yyyy HH'h'")
to_timestamp('nope')
try_to_timestamp('nope')
to_timestamp('2024-02-29 12:34:56.123', 'yyyy-MM-dd HH:mm:ss.SSS')
to_timestamp('10 Feb 2024', 'd MMM yyyy')
to_timestamp('2024-02-29 1:05 PM', 'yyyy-MM-dd h:mm a')
date_format(t, 'yyyy-MM-dd HH:mm:ss.SSS')
date_format(t, "EEEE, d MMMM yyyy 'at' h a")
date_format(t, 'E D w')
date_format(t, 'QQQ yy M')
date_format(day, 'XXX')
unix_timestamp('2024-02-29 12:34:56')
unix_timestamp('2024-02-29', 'yyyy-MM-dd')
unix_timestamp(t)
from_unixtime(0)
from_unixtime(1709210096, 'HH:mm')
timestamp_seconds(1.5)
timestamp_millis(1500)
timestamp_micros(1)
unix_millis(t)
unix_micros(t)
make_date(2024, 2, 29)
make_date(2023, 2, 29)
date_part('dow', day)
extract(SECOND FROM t)
extract(WEEK FROM t)
from_utc_timestamp(t, 'Asia/Tokyo')
to_utc_timestamp(t, 'America/New_York')
date'2024-02-30'
timestamp'nope'
day < t
day = '2024-02-29'
t > '2024-01-01'
timestampdiff(MONTH, timestamp'2024-01-31 00:00:00', t)
timestampadd(MONTH, 1, timestamp'2024-01-31 00:00:00')
date_diff(day, date'2024-01-01')
interval '1' day + interval '2' hour
interval '1' day * 2.5
cast(interval '1' month / 3 as string)
window(t, '10 minutes').start
window(t, '10 minutes', '5 minutes')
window(t, '1 week', '1 week', '1 day').end
--- America/New_York
cast('2024-03-10 02:30:00' as timestamp)
cast('2024-11-03 01:30:00' as timestamp)
cast(t as string)
hour(t)
date_trunc('day', t)
date_trunc('hour', timestamp'2024-11-03 01:30:00')
timestamp'2024-03-09 12:00:00' + interval '1' day
timestamp'2024-03-09 12:00:00' + interval '24' hour
timestamp'2024-03-10 12:00:00' - timestamp'2024-03-09 12:00:00'
cast(date'2024-03-10' as timestamp)
cast(timestamp'1883-11-18 12:00:00' as string)
to_timestamp('2024-07-01 00:00:00')
date_format(t, 'yyyy-MM-dd HH:mm z')
date_format(t, 'XXX VV O')
unix_timestamp('2024-07-01 00:00:00')
from_unixtime(0)
cast('2024-07-01' as timestamp)
cast(timestamp'2024-07-01 00:00:00' as date)
timestamp_ntz'2024-03-10 02:30:00'
cast(timestamp_ntz'2024-03-10 02:30:00' as timestamp)
--- UTC
-- collections, JSON, conditions
size(list)
size(NULL)
cardinality(m)
list[5]
list[-1]
element_at(list, 1)
element_at(list, -1)
element_at(list, 0)
element_at(list, 9)
try_element_at(list, 9)
element_at(m, 'zz')
m['zz']
get(list, 7)
array_contains(list, 2)
array_contains(list, NULL)
sort_array(list)
sort_array(array('b', NULL, 'a'), false)
array_distinct(array(1, 1, NULL, NULL))
array_max(list)
array_min(array())
array_join(array('a', NULL, 'b'), ',')
array_join(array('a', NULL, 'b'), ',', '-')
array_position(list, 2)
flatten(array(array(1), array(2, 3)))
sequence(1, 5, 2)
sequence(5, 1)
map_keys(m)
map_values(m)
map_from_arrays(array('a', 'b'), array(1, 2))
map('a', 1, 'a', 2)
map(NULL, 1)
array(1, 'a')
array(1, 2.5)
array()
map()
struct(1 AS a, 'x' AS b).b
st.nope
st = struct(1, 'x')
list = array(1, 2, 3)
from_json('{"a": 1, "b": "x"}', 'a INT, b STRING')
from_json('{"a": "x"}', 'a INT')
from_json('{"a": 1.5}', 'a INT')
from_json('not json', 'a INT')
from_json('[{"a": 1}]', 'array<struct<a: int>>')
from_json('{"a": [1, null]}', 'a ARRAY<INT>')
from_json('{"t": "2024-02-29T12:34:56.789Z"}', 't TIMESTAMP')
from_json('{"d": "2024-02-29"}', 'd DATE')
from_json('{"x": {"y": 1}}', 'x STRING')
from_json('{"a": 1, "a": 2}', 'a INT')
from_json('{"A": 1}', 'a INT')
from_json('{"a": 1e2}', 'a DOUBLE')
from_json('{"a": 12345678901234567890}', 'a BIGINT')
from_json('{"a": 1}', 'map<string,int>')
from_json('{"a": NaN}', 'a DOUBLE')
from_json('{a: 1}', 'a INT', map('allowUnquotedFieldNames', 'true'))
from_json('{"a": 1} trailing', 'a INT')
from_json('', 'a INT')
from_json('{"a": 1.10}', 'a DECIMAL(5,2)')
from_json('{"a": "1"}', 'a BOOLEAN')
from_json('{"a": true}', 'a STRING')
to_json(struct(i, s, d))
to_json(struct(t, day, n))
to_json(struct(NULL AS x, 1 AS y))
to_json(m)
to_json(list)
to_json(struct('quote"\\ \n tab\t é 😀' AS q))
to_json(struct(cast('NaN' as double) AS q, 1e20D AS r, 1.0D AS x))
to_json(struct(X'6162' AS bin, interval '1' day AS iv))
get_json_object('{"a": {"b": [1, 2]}}', '$.a.b[1]')
get_json_object('{"a": "x"}', '$.a')
get_json_object('{"a": {"b": 1}}', '$.a')
nullif(1, 1)
nvl2(NULL, 1, 2)
ifnull(NULL, 'x')
coalesce(NULL, NULL)
coalesce(i, 'x')
if(NULL, 1, 2)
isnan(d)
nanvl(cast('NaN' as double), 1.0D)
CASE WHEN flag THEN 1 ELSE 'x' END
typeof(1 + 1.5)
typeof(n / 3)
typeof(array(1, NULL))
typeof(interval '1' day)
assert_true(1 > 2)
raise_error('boom')
NULL AND false
NULL OR true
NOT NULL
flag AND NULL
-- wrong
nope
nope(i)
upper(i, s)
upper()
i + s
i + flag
flag + 1
list + 1
upper(list)
substring(s)
i LIKE flag
CASE WHEN i THEN 1 END
st.a.b
s.x
i[0]
cast(flag as date)
date_add('x', 1)
sum(i) + i
i +
(i
i IN ()
