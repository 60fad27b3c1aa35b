-- Begins every script: reads what is kept under the key, and the time.
--
-- It is one string, so that one read and one write do. Numbers are unsigned and big-endian. Lua
-- counts in doubles: all of them are below 2^53.
--
--    1       the version of this layout
--    2       the state: H held, T held after a takeover, C completed, R released
--    3 - 10  the fence  } together
--   11 - 26  the nonce  } the owner
--   27 - 34  when the lease ends, in µs since 1970; 0 unless held
--   35 - 42  how long a claim is kept, in ms
--   43 - 75  the fingerprint: its version, then its digest
--   76 -     the record
local VERSION, HEADER = '\1', 75

local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' then
    if string.find(value.err, 'WRONGTYPE', 1, true) then return {'unreadable'} end
    return value
end

local state, owner = 'A', ''
if value then
    state, owner = string.sub(value, 2, 2), string.sub(value, 3, 26)
    local is_ours = string.sub(value, 1, 1) == VERSION and #value >= HEADER
    if not is_ours or not string.find('HTCR', state, 1, true) then return {'unreadable'} end
end
local is_held = state == 'H' or state == 'T'

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function number(first)
    return (struct.unpack('>I8', value, first))
end

local function save(...)
    return redis.pcall('SET', KEYS[1], ...)
end

-- Writes, although there is nothing to be written: `WAIT` promises to wait for what its connection
-- has written, not for what it has read. A key that somebody has told to stay has no time left to
-- be set, and stays.
local function touch()
    local left = redis.call('PTTL', KEYS[1])
    if left >= 0 then redis.call('PEXPIRE', KEYS[1], math.max(left, 1)) end
end

local function entry(state, owner, lease_end, keep, fingerprint)
    return VERSION .. state .. owner .. struct.pack('>I8I8', lease_end, keep) .. fingerprint
end
