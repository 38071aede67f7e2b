-- A null S3: ListObjectsV2, HeadObject, GetObject, HeadBucket and CopyObject as functions of the request. No object is stored; the newest
-- copies are remembered by key and access key, so that a client that reads a copy back or asks for it once more is answered as by S3,
-- and the next client, which signs with another access key, finds the bucket as empty as it is listed.
--
-- A bucket's name ends in how many objects it has: `logs-10000000`, `archive-0`. Object number n of a bucket always has the same key,
-- size and ETag, and numbers rise as keys do, so a listing begins anywhere by bisection and costs the same for any number of objects.
-- The same file runs inside nginx and, in tests, inside Python.

local S3 = {}

local REGIONS = {
  "ap-southeast-2", "eu-central-1", "eu-west-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
}
local ACCOUNT = "111122223333"
local MONTHS, DAYS = 6, 28
local SLOTS = #REGIONS * MONTHS * DAYS
local MINUTES = 1440
local format, floor, byte, sub, find = string.format, math.floor, string.byte, string.sub, string.find

-- How many objects the bucket has; nil for a name that is none of ours.
function S3.objects(bucket)
  return tonumber(string.match(bucket, "%-(%d+)$"))
end

-- The key of object `n`, counted from 0, in a bucket of `count` objects: days of a region fill one after the other, evenly.
function S3.key(n, count)
  local slot = floor(n * SLOTS / count)
  local within = n - math.ceil(slot * count / SLOTS)
  local day = slot % DAYS
  local month = floor(slot / DAYS) % MONTHS
  local region = REGIONS[floor(slot / (DAYS * MONTHS)) + 1]
  local minute = floor(within * MINUTES / math.ceil(count / SLOTS))
  return format(
    "AWSLogs/%s/CloudTrail/%s/2021/%02d/%02d/%s_CloudTrail_%s_2021%02d%02dT%02d%02dZ_%016d.json.gz",
    ACCOUNT, region, month + 1, day + 1, ACCOUNT, region, month + 1, day + 1, floor(minute / 60), minute % 60, n
  )
end

function S3.size(n)
  return 200 + (n * 7919) % 40000
end

-- 32 hex digits that differ from object to object, as an MD5 would.
function S3.etag(n)
  local a = (n * 2654435) % 4294967296
  local b = (n * 40503 + 12345) % 4294967296
  return format("%08x%08x%08x%08x", n % 4294967296, a, b, (a + b) % 4294967296)
end

-- The number of the first object whose key is `text` or comes after it.
function S3.first(text, count)
  local low, high = 0, count
  while low < high do
    local middle = floor((low + high) / 2)
    if S3.key(middle, count) < text then low = middle + 1 else high = middle end
  end
  return low
end

-- The least text that comes after everything that begins with `text`; nil where there is none.
local function beyond(text)
  for at = #text, 1, -1 do
    local last = byte(text, at)
    if last < 255 then return sub(text, 1, at - 1) .. string.char(last + 1) end
  end
  return nil
end

local function first_beyond(text, count)
  local edge = beyond(text)
  return edge and S3.first(edge, count) or count
end

local function escaped(text)
  return (string.gsub(text, "[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

local function row(n, key)
  return "<Contents><Key>" .. key .. "</Key><LastModified>2021-07-01T00:05:00.000Z</LastModified><ETag>&quot;" .. S3.etag(n)
    .. "&quot;</ETag><Size>" .. format("%d", S3.size(n)) .. "</Size><StorageClass>STANDARD</StorageClass></Contents>"
end

-- ListObjectsV2. A continuation token is the number of the next object.
function S3.list(bucket, args)
  local count = S3.objects(bucket)
  local prefix, delimiter = args["prefix"] or "", args["delimiter"] or ""
  local most = math.min(1000, tonumber(args["max-keys"] or "1000") or 1000)
  local at, last = S3.first(prefix, count), first_beyond(prefix, count)
  local after, token = args["start-after"] or "", args["continuation-token"] or ""
  if token ~= "" then
    at = math.max(at, tonumber(token) or 0)
  elseif after ~= "" then
    local n = S3.first(after, count)
    if n < count and S3.key(n, count) == after then n = n + 1 end
    at = math.max(at, n)
  end
  local rows, folders, found = {}, {}, 0
  while at < last and found < most do
    local key = S3.key(at, count)
    local cut = delimiter ~= "" and find(key, delimiter, #prefix + 1, true)
    if cut then
      local folder = sub(key, 1, cut + #delimiter - 1)
      folders[#folders + 1] = "<CommonPrefixes><Prefix>" .. folder .. "</Prefix></CommonPrefixes>"
      at = first_beyond(folder, count)
    else
      rows[#rows + 1] = row(at, key)
      at = at + 1
    end
    found = found + 1
  end
  local more = at < last and found > 0
  local tail = more
    and format("<IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken>", at)
    or "<IsTruncated>false</IsTruncated>"
  local encoding = args["encoding-type"] and "<EncodingType>url</EncodingType>" or ""
  return '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>' .. bucket
    .. "</Name><Prefix>" .. escaped(prefix) .. "</Prefix><KeyCount>" .. found .. "</KeyCount><MaxKeys>" .. most .. "</MaxKeys>"
    .. (delimiter ~= "" and "<Delimiter>" .. escaped(delimiter) .. "</Delimiter>" or "") .. encoding .. tail
    .. table.concat(rows) .. table.concat(folders) .. "</ListBucketResult>"
end

-- The object's number, or nil.
function S3.find(bucket, key)
  local count = S3.objects(bucket)
  local n = S3.first(key, count)
  return n < count and S3.key(n, count) == key and n or nil
end

local function failed(status, code, message)
  return status, {}, "<Error><Code>" .. code .. "</Code><Message>" .. message .. "</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>"
end

local REMEMBERED = 4096
local made, ring, turn = {}, {}, 0

-- Keep the newest copies, with what was asked for each; the oldest is forgotten.
local function remember(name, number, headers)
  turn = turn % REMEMBERED + 1
  if ring[turn] then made[ring[turn]] = nil end
  ring[turn] = name
  made[name] = {
    number = number, class = headers["x-amz-storage-class"],
    lock = headers["x-amz-object-lock-mode"], till = headers["x-amz-object-lock-retain-until-date"],
  }
end

local COPIED = '<?xml version="1.0" encoding="UTF-8"?>\n<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
  .. "<LastModified>2026-01-12T09:00:00.000Z</LastModified><ETag>&quot;%s&quot;</ETag></CopyObjectResult>"

-- A copy's name: who made it, the bucket, and the key.
local function name_of(bucket, key, headers)
  local by = string.match(headers["authorization"] or "", "Credential=([^/]*)") or ""
  return by .. "/" .. bucket .. "/" .. key
end

local function copied(bucket, key, headers)
  local name = name_of(bucket, key, headers)
  if headers["if-none-match"] and (made[name] or S3.find(bucket, key)) then
    return failed(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
  end
  local number = tonumber(string.match(headers["x-amz-copy-source"], "_(%d+)%.json%.gz")) or 0
  remember(name, number, headers)
  return 200, { ["x-amz-version-id"] = "3HL4kqtJlcpXroDTDmJ" }, format(COPIED, S3.etag(number))
end

-- What is there under a key: its number, and what was asked for it where it is a copy; nil for nothing.
local function there(bucket, key, headers)
  local copy = made[name_of(bucket, key, headers)]
  if copy then return copy.number, copy end
  return S3.find(bucket, key), {}
end

local function headed(bucket, key, headers)
  local n, asked = there(bucket, key, headers)
  if not n then return 404, {}, "" end
  return 200, {
    ["content-length"] = format("%d", S3.size(n)), ["etag"] = '"' .. S3.etag(n) .. '"',
    ["last-modified"] = "Thu, 01 Jul 2021 00:05:00 GMT", ["x-amz-version-id"] = asked.number and "3HL4kqtJlcpXroDTDmJ" or "null",
    ["x-amz-storage-class"] = asked.class, ["x-amz-object-lock-mode"] = asked.lock, ["x-amz-object-lock-retain-until-date"] = asked.till,
  }, ""
end

local function got(bucket, key, asked)
  local status, headers = headed(bucket, key, asked)
  if status ~= 200 then return failed(404, "NoSuchKey", "The specified key does not exist.") end
  return status, headers, string.rep("0", tonumber(headers["content-length"]))
end

-- Status, headers and body for one request. `headers` has lower-case names; `busy` and `hidden` are true where this request is to be
-- refused with 503 SlowDown, or its copy answered 200 with an error in the body.
function S3.answer(method, bucket, key, args, headers, busy, hidden)
  if busy then return failed(503, "SlowDown", "Please reduce your request rate.") end
  if not S3.objects(bucket) then return failed(404, "NoSuchBucket", "The specified bucket does not exist") end
  if method == "PUT" and headers["x-amz-copy-source"] then
    if hidden then
      local _, more, body = failed(200, "InternalError", "We encountered an internal error. Please try again.")
      return 200, more, body
    end
    return copied(bucket, key, headers)
  end
  if method == "HEAD" and key ~= "" then return headed(bucket, key, headers) end
  if method == "GET" and key ~= "" then return got(bucket, key, headers) end
  if method == "HEAD" then return 200, { ["x-amz-bucket-region"] = "us-east-1" }, "" end
  if method == "GET" and key == "" and args["location"] then
    return 200, {}, '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>'
  end
  if method == "GET" and key == "" and args["list-type"] == "2" then return 200, {}, S3.list(bucket, args) end
  return failed(501, "NotImplemented", "The null S3 knows ListObjectsV2, HeadObject, GetObject, HeadBucket and CopyObject")
end

return S3
